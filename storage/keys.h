// All keys of the store (docs/store-format.md, "Keys").
//
// Keys outlive values: RocksDB writes the smallest and the largest of each file into its manifest. So a key that
// belongs to a person is a hash under a secret that only this store knows, and nobody can tell from the keys of an
// old file who was in it.
//
// Thread rule: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "datasets/table.h"

namespace hedgerow::storage {

using Secret = std::array<unsigned char, 32>;

inline constexpr std::size_t kOpaqueBytes = 16;

Secret MakeSecret();
// 16 bytes each.
std::string RecordKey(const Secret& secret, datasets::RecordId id);
std::string SubjectKey(const Secret& secret, std::string_view subject);
std::string RequestKey(const Secret& secret, std::string_view request_id);
// Of a request that was made in parts, by the name that it has in the log.
std::string PartsKey(const Secret& secret, std::string_view log_name);
// Of what a request asks for.
std::string ContentKey(const Secret& secret, std::string_view content);

// Tells stores apart, and nothing else; a store and its backups have the same. 16 bytes.
std::string StoreIdentity(const Secret& secret);
// Tells whether bytes were written by somebody who has the secret. 32 bytes.
std::string Authenticate(const Secret& secret, std::string_view bytes);

// tree (u32) || path (u64) || depth (u8), the integers big-endian: sorts a tree's nodes in preorder.
std::string PageKey(std::uint32_t tree, std::uint64_t path, std::uint32_t depth);
// The first key behind all pages of the subtree at this place.
std::string PageKeyBehind(std::uint32_t tree, std::uint64_t path, std::uint32_t depth);

}  // namespace hedgerow::storage
