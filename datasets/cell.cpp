#include "datasets/cell.h"

#include <sodium.h>

#include <cstring>

#include "datasets/result.h"

namespace hedgerow::datasets {

CategoryKey CategoryKeyFromSeed(std::uint64_t seed) {
  static const int initialised = sodium_init();
  HEDGEROW_CHECK(initialised >= 0, "libsodium cannot start");
  static_assert(crypto_shorthash_KEYBYTES == sizeof(CategoryKey::bytes));
  static constexpr std::string_view kPurpose = "hedgerow category key";
  unsigned char input[kPurpose.size() + sizeof seed];
  std::memcpy(input, kPurpose.data(), kPurpose.size());
  for (std::size_t i = 0; i < sizeof seed; ++i) {  // little-endian everywhere
    input[kPurpose.size() + i] = static_cast<unsigned char>(seed >> (8 * i));
  }
  CategoryKey key;
  crypto_generichash(key.bytes.data(), key.bytes.size(), input, sizeof input, nullptr, 0);
  return key;
}

Cell CategoryCell(const CategoryKey& key, std::string_view category) {
  if (category.empty()) return kMissing;
  unsigned char hash[crypto_shorthash_BYTES];
  crypto_shorthash(hash, reinterpret_cast<const unsigned char*>(category.data()), category.size(), key.bytes.data());
  std::uint32_t low = 0;  // little-endian everywhere: codes are part of the model
  for (std::size_t i = 0; i < sizeof low; ++i) low |= static_cast<std::uint32_t>(hash[i]) << (8 * i);
  const auto cell = static_cast<Cell>(low);
  return cell == kMissing ? kMissing + 1 : cell;
}

}  // namespace hedgerow::datasets
