// The Merkle tree of RFC 6962, section 2.1: hashes, proofs, and checking them. Knows nothing of files.
//
// A tree of n entries is never held as a whole: proofs ask for the hashes of complete subtrees, wherever those are
// kept.
//
// Thread rule: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/result.h"

namespace hedgerow::storage {

using Hash = std::array<unsigned char, 32>;

Hash LeafHash(std::string_view entry);               // SHA-256(0x00 || entry)
Hash NodeHash(const Hash& left, const Hash& right);  // SHA-256(0x01 || left || right)
Hash Sha256(std::string_view bytes);
std::string_view BytesOf(const Hash& hash);
Hash HashOf(std::string_view bytes);  // of 32 bytes

// The hash of the complete subtree over the entries [index << level, (index + 1) << level).
using SubtreeHash = std::function<Result<Hash>(unsigned level, std::uint64_t index)>;

// MTH(D[begin:end]). `begin` is a multiple of the smallest power of two that is at least end - begin, as it is for all
// ranges that the tree itself has. An empty range has the hash of nothing.
Result<Hash> RangeHash(std::uint64_t begin, std::uint64_t end, const SubtreeHash& subtree);
// MTH(D[0:size]).
Result<Hash> TreeHash(std::uint64_t size, const SubtreeHash& subtree);
// PATH(index, D[0:size]), from the leaf's sibling upwards. index < size.
Result<std::vector<Hash>> InclusionProof(std::uint64_t index, std::uint64_t size, const SubtreeHash& subtree);
// PROOF(old, D[0:size]). old <= size; empty where old is 0 or size.
Result<std::vector<Hash>> ConsistencyProof(std::uint64_t old_size, std::uint64_t size, const SubtreeHash& subtree);

bool VerifyInclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, const std::vector<Hash>& proof,
                     const Hash& root);
bool VerifyConsistency(std::uint64_t old_size, std::uint64_t size, const Hash& old_root, const Hash& root,
                       const std::vector<Hash>& proof);

// The hash of a small tree whose leaf hashes are at hand.
Hash TreeHashOf(const std::vector<Hash>& leaves);
// Keeps a reference; hashes that were taken are kept, so many proofs cost little more than one.
SubtreeHash SubtreesOf(const std::vector<Hash>& leaves);

}  // namespace hedgerow::storage
