#include "forest/digest.h"

#include <sodium.h>

#include <cstring>

#include "datasets/result.h"

namespace hedgerow::forest {

std::string Digest::ToHex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

std::optional<Digest> DigestFromHex(std::string_view hex) {
  Digest digest;
  std::size_t length = 0;
  const char* end = nullptr;
  const int failed =
      sodium_hex2bin(digest.bytes.data(), digest.bytes.size(), hex.data(), hex.size(), nullptr, &length, &end);
  if (failed != 0 || length != digest.bytes.size() || end != hex.data() + hex.size()) return std::nullopt;
  return digest;
}

void DigestBuilder::Text(std::string_view text) {
  U32(static_cast<std::uint32_t>(text.size()));
  Raw(text.data(), text.size());
}

void DigestBuilder::Raw(const void* data, std::size_t bytes) {
  const auto* begin = static_cast<const unsigned char*>(data);
  buffer_.insert(buffer_.end(), begin, begin + bytes);
}

Digest DigestBuilder::Finish() {
  static const int initialised = sodium_init();
  HEDGEROW_CHECK(initialised >= 0, "libsodium cannot start");
  Digest digest;
  crypto_generichash(digest.bytes.data(), digest.bytes.size(), buffer_.data(), buffer_.size(), nullptr, 0);
  buffer_.clear();
  return digest;
}

}  // namespace hedgerow::forest
