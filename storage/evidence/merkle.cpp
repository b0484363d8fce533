#include "storage/evidence/merkle.h"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>

namespace hedgerow::storage {
namespace {

constexpr unsigned char kLeafPrefix = 0x00, kNodePrefix = 0x01;

// The largest power of two that is smaller than n; n >= 2.
std::uint64_t SplitOf(std::uint64_t n) {
  return std::bit_floor(n - 1);
}

bool IsPerfect(std::uint64_t begin, std::uint64_t end) {
  return std::has_single_bit(end - begin) && begin % (end - begin) == 0;
}

// Appends to `proof`; false: something could not be read, and `error` says what.
struct Prover {
  const SubtreeHash& subtree;
  std::vector<Hash> proof;
  std::optional<Error> error;

  void Add(std::uint64_t begin, std::uint64_t end) {
    if (error) return;
    const Result<Hash> hash = RangeHash(begin, end, subtree);
    hash ? proof.push_back(*hash) : void(error = hash.error());
  }
  void Path(std::uint64_t index, std::uint64_t begin, std::uint64_t end) {
    if (end - begin == 1) return;
    const std::uint64_t middle = begin + SplitOf(end - begin);
    if (index < middle) {
      Path(index, begin, middle);
      Add(middle, end);
    } else {
      Path(index, middle, end);
      Add(begin, middle);
    }
  }
  // SUBPROOF of RFC 6962: `whole` tells that the verifier has the hash of [begin, old) already.
  void Consistency(std::uint64_t old_size, std::uint64_t begin, std::uint64_t end, bool whole) {
    if (old_size == end) {
      if (!whole) Add(begin, end);
      return;
    }
    const std::uint64_t middle = begin + SplitOf(end - begin);
    if (old_size <= middle) {
      Consistency(old_size, begin, middle, whole);
      Add(middle, end);
    } else {
      Consistency(old_size, middle, end, false);
      Add(begin, middle);
    }
  }
  Result<std::vector<Hash>> Take() {
    if (error) return *error;
    return std::move(proof);
  }
};

}  // namespace

std::string_view BytesOf(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

Hash HashOf(std::string_view bytes) {
  Hash hash;
  HEDGEROW_CHECK(bytes.size() == hash.size(), "a hash has 32 bytes");
  std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

Hash Sha256(std::string_view bytes) {
  Hash hash;
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return hash;
}

Hash LeafHash(std::string_view entry) {
  Hash hash;
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, &kLeafPrefix, 1);
  crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(entry.data()), entry.size());
  crypto_hash_sha256_final(&state, hash.data());
  return hash;
}

Hash NodeHash(const Hash& left, const Hash& right) {
  unsigned char bytes[1 + 2 * sizeof(Hash)];
  bytes[0] = kNodePrefix;
  std::memcpy(bytes + 1, left.data(), left.size());
  std::memcpy(bytes + 1 + left.size(), right.data(), right.size());
  Hash hash;
  crypto_hash_sha256(hash.data(), bytes, sizeof bytes);
  return hash;
}

Result<Hash> RangeHash(std::uint64_t begin, std::uint64_t end, const SubtreeHash& subtree) {
  if (begin == end) return Sha256("");
  if (IsPerfect(begin, end)) {
    const auto level = static_cast<unsigned>(std::countr_zero(end - begin));
    return subtree(level, begin >> level);
  }
  const std::uint64_t middle = begin + SplitOf(end - begin);
  const Result<Hash> left = RangeHash(begin, middle, subtree);
  if (!left) return left;
  const Result<Hash> right = RangeHash(middle, end, subtree);
  if (!right) return right;
  return NodeHash(*left, *right);
}

Result<Hash> TreeHash(std::uint64_t size, const SubtreeHash& subtree) {
  return RangeHash(0, size, subtree);
}

Result<std::vector<Hash>> InclusionProof(std::uint64_t index, std::uint64_t size, const SubtreeHash& subtree) {
  HEDGEROW_CHECK(index < size, "no such entry in the tree");
  Prover prover{subtree, {}, {}};
  prover.Path(index, 0, size);
  return prover.Take();
}

Result<std::vector<Hash>> ConsistencyProof(std::uint64_t old_size, std::uint64_t size, const SubtreeHash& subtree) {
  HEDGEROW_CHECK(old_size <= size, "the older tree is larger");
  Prover prover{subtree, {}, {}};
  if (old_size != 0) prover.Consistency(old_size, 0, size, true);
  return prover.Take();
}

// RFC 9162, section 2.1.3.2.
bool VerifyInclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, const std::vector<Hash>& proof,
                     const Hash& root) {
  if (index >= size) return false;
  std::uint64_t node = index, last = size - 1;
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (last == 0) return false;
    if (node % 2 == 1 || node == last) {
      hash = NodeHash(sibling, hash);
      while (node % 2 == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = NodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

// RFC 9162, section 2.1.4.2.
bool VerifyConsistency(std::uint64_t old_size, std::uint64_t size, const Hash& old_root, const Hash& root,
                       const std::vector<Hash>& proof) {
  if (old_size > size) return false;
  if (old_size == size) return proof.empty() && old_root == root;
  if (old_size == 0) return proof.empty() && old_root == Sha256("");
  auto next = proof.begin();
  Hash old_hash = old_root;
  if (!std::has_single_bit(old_size)) {
    if (proof.empty()) return false;
    old_hash = *next++;
  }
  Hash hash = old_hash;
  std::uint64_t node = old_size - 1, last = size - 1;
  while (node % 2 == 1) {
    node >>= 1;
    last >>= 1;
  }
  for (; next != proof.end(); ++next) {
    if (last == 0) return false;
    if (node % 2 == 1 || node == last) {
      old_hash = NodeHash(*next, old_hash);
      hash = NodeHash(*next, hash);
      while (node % 2 == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = NodeHash(hash, *next);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && hash == root;
}

SubtreeHash SubtreesOf(const std::vector<Hash>& leaves) {
  // The hashes of each level above the leaves, as far as they were asked for.
  auto rows = std::make_shared<std::vector<std::vector<Hash>>>();
  return [&leaves, rows](unsigned level, std::uint64_t index) -> Result<Hash> {
    while (rows->size() < level) {
      const std::vector<Hash>& below = rows->empty() ? leaves : rows->back();
      std::vector<Hash> row(below.size() / 2);
      for (std::size_t i = 0; i < row.size(); ++i) row[i] = NodeHash(below[2 * i], below[2 * i + 1]);
      rows->push_back(std::move(row));
    }
    return (level == 0 ? leaves : (*rows)[level - 1])[index];
  };
}

Hash TreeHashOf(const std::vector<Hash>& leaves) {
  return *TreeHash(leaves.size(), SubtreesOf(leaves));
}

}  // namespace hedgerow::storage
