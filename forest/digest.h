// A 32-byte BLAKE2b digest (RFC 7693, through libsodium) and a small builder of what goes into one.
//
// Thread rule: plain values.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hedgerow::forest {

static_assert(std::endian::native == std::endian::little, "fingerprints are taken of bytes as they are in memory");

struct Digest {
  std::array<unsigned char, 32> bytes{};
  auto operator<=>(const Digest&) const = default;
  std::string ToHex() const;
};

// The inverse of ToHex; nothing for anything else.
std::optional<Digest> DigestFromHex(std::string_view hex);

// Collects little-endian fields and hashes them.
class DigestBuilder {
 public:
  void Byte(std::uint8_t value) { buffer_.push_back(value); }
  void U32(std::uint32_t value) { Raw(&value, sizeof value); }
  void U64(std::uint64_t value) { Raw(&value, sizeof value); }
  void F64(double value) { Raw(&value, sizeof value); }
  void Text(std::string_view text);  // u32 length, then the bytes
  void Add(const Digest& digest) { Raw(digest.bytes.data(), digest.bytes.size()); }
  void Raw(const void* data, std::size_t bytes);
  Digest Finish();  // and start over

 private:
  std::vector<unsigned char> buffer_;
};

}  // namespace hedgerow::forest
