// Writing and reading the bytes of values, and sealing them with a checksum.
//
// Integers are little-endian or LEB128. A reader never reads past its end: after a failed read it stays failed and
// gives zeros, so a decoder may read on and ask once.
//
// Thread rule: plain values.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace hedgerow::storage {

static_assert(std::endian::native == std::endian::little, "integers are written as they are in memory");

class Writer {
 public:
  void U8(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void U16(std::uint16_t value) { Raw(&value, sizeof value); }
  void U32(std::uint32_t value) { Raw(&value, sizeof value); }
  void U64(std::uint64_t value) { Raw(&value, sizeof value); }
  void F64(double value) { Raw(&value, sizeof value); }
  void Varint(std::uint64_t value);
  void Text(std::string_view text);  // a varint of its length, then the bytes
  void Raw(const void* data, std::size_t size) { bytes_.append(static_cast<const char*>(data), size); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t U8() { return Fixed<std::uint8_t>(); }
  std::uint16_t U16() { return Fixed<std::uint16_t>(); }
  std::uint32_t U32() { return Fixed<std::uint32_t>(); }
  std::uint64_t U64() { return Fixed<std::uint64_t>(); }
  double F64() { return Fixed<double>(); }
  std::uint64_t Varint();
  // A varint that is at most `limit`, else the reader fails: for counts, so that damage cannot ask for much memory.
  std::uint64_t Count(std::uint64_t limit);
  std::string_view Raw(std::size_t size);
  std::string_view Text() { return Raw(static_cast<std::size_t>(Count(rest_.size()))); }

  void Fail() { failed_ = true; }
  bool failed() const { return failed_; }
  bool done() const { return !failed_ && rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

 private:
  template <class T>
  T Fixed() {
    T value{};
    const std::string_view raw = Raw(sizeof value);
    if (!failed_) std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }

  std::string_view rest_;
  bool failed_ = false;
};

// libsodium's shortest digest has 16 bytes; half of it is enough against accidents.
inline constexpr std::size_t kChecksumBytes = 8;
std::string ToHex(std::string_view bytes);
// Nothing if that is not what ToHex gives.
std::optional<std::string> FromHex(std::string_view hex);

// `body` with an 8-byte BLAKE2b checksum over key and body, so that a value that stands under another key is found
// out as well as a flipped bit.
std::string Seal(std::string_view key, std::string_view body);
// The body, or nothing if the checksum does not hold.
std::optional<std::string_view> Unseal(std::string_view key, std::string_view sealed);

}  // namespace hedgerow::storage
