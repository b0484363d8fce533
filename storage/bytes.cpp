#include "storage/bytes.h"

#include <sodium.h>

#include <array>

namespace hedgerow::storage {
namespace {

std::array<char, kChecksumBytes> Checksum(std::string_view key, std::string_view body) {
  const std::uint64_t key_size = key.size();
  unsigned char digest[crypto_generichash_BYTES_MIN];
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, sizeof digest);
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&key_size), sizeof key_size);
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(key.data()), key.size());
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(body.data()), body.size());
  crypto_generichash_final(&state, digest, sizeof digest);
  std::array<char, kChecksumBytes> checksum;
  std::memcpy(checksum.data(), digest, checksum.size());
  return checksum;
}

}  // namespace

void Writer::Varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) U8(static_cast<std::uint8_t>(value | 0x80));
  U8(static_cast<std::uint8_t>(value));
}

void Writer::Text(std::string_view text) {
  Varint(text.size());
  Raw(text.data(), text.size());
}

std::uint64_t Reader::Varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !failed_; shift += 7) {
    const std::uint64_t byte = U8();
    if (shift == 63 && byte > 1) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return failed_ ? 0 : value;
  }
  failed_ = true;
  return 0;
}

std::uint64_t Reader::Count(std::uint64_t limit) {
  const std::uint64_t value = Varint();
  if (value <= limit) return value;
  failed_ = true;
  return 0;
}

std::string_view Reader::Raw(std::size_t size) {
  if (failed_ || size > rest_.size()) {
    failed_ = true;
    return {};
  }
  const std::string_view raw = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return raw;
}

std::string Seal(std::string_view key, std::string_view body) {
  const auto checksum = Checksum(key, body);
  std::string sealed(body);
  sealed.append(checksum.data(), checksum.size());
  return sealed;
}

std::optional<std::string_view> Unseal(std::string_view key, std::string_view sealed) {
  if (sealed.size() < kChecksumBytes) return std::nullopt;
  const std::string_view body = sealed.substr(0, sealed.size() - kChecksumBytes);
  const auto checksum = Checksum(key, body);
  if (sealed.substr(body.size()) != std::string_view(checksum.data(), checksum.size())) return std::nullopt;
  return body;
}

std::string ToHex(std::string_view bytes) {
  std::string hex(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  hex.pop_back();
  return hex;
}

std::optional<std::string> FromHex(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  std::size_t size = 0;
  const int failed = sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), hex.data(),
                                    hex.size(), nullptr, &size, nullptr);
  if (failed != 0 || 2 * size != hex.size()) return std::nullopt;
  return bytes;
}

}  // namespace hedgerow::storage
