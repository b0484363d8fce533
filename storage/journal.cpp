#include "storage/journal.h"

#include <sodium.h>

#include <array>
#include <chrono>

#include "datasets/result.h"
#include "storage/bytes.h"

namespace hedgerow::storage {

std::uint64_t NowUs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

std::string MakeRequestId() {
  static const int initialised = sodium_init();
  HEDGEROW_CHECK(initialised >= 0, "libsodium cannot start");
  std::array<unsigned char, 16> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  char hex[2 * bytes.size() + 1];
  sodium_bin2hex(hex, sizeof hex, bytes.data(), bytes.size());
  std::string id(hex);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) id.insert(dash, 1, '-');
  return id;
}

std::string EncodeEntry(const JournalEntry& entry) {
  Writer writer;
  writer.U8(static_cast<std::uint8_t>(entry.kind));
  writer.U8(static_cast<std::uint8_t>(entry.ground));
  writer.U64(entry.time_us);
  writer.Raw(entry.request_key.data(), kOpaqueBytes);
  writer.Raw(entry.content_key.data(), kOpaqueBytes);
  writer.U64(entry.records);
  writer.Varint(entry.erased.size());
  for (const std::string& key : entry.erased) writer.Raw(key.data(), kOpaqueBytes);
  return writer.bytes();
}

std::optional<JournalEntry> DecodeEntry(std::string_view bytes) {
  Reader reader(bytes);
  JournalEntry entry;
  const std::uint8_t kind = reader.U8();
  const std::uint8_t ground = reader.U8();
  if (kind < 1 || kind > 3 || ground > static_cast<std::uint8_t>(Ground::kF)) reader.Fail();
  entry.kind = static_cast<UpdateKind>(kind);
  entry.ground = static_cast<Ground>(ground);
  entry.time_us = reader.U64();
  entry.request_key = reader.Raw(kOpaqueBytes);
  entry.content_key = reader.Raw(kOpaqueBytes);
  entry.records = reader.U64();
  const std::uint64_t erased = reader.Count(reader.left() / kOpaqueBytes);
  for (std::uint64_t i = 0; i < erased && !reader.failed(); ++i) entry.erased.emplace_back(reader.Raw(kOpaqueBytes));
  if (!reader.done()) return std::nullopt;
  return entry;
}

std::string SequenceKey(std::uint64_t sequence) {
  std::string key;
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(sequence >> shift));
  return key;
}

std::optional<std::uint64_t> SequenceOf(std::string_view key) {
  if (key.size() < sizeof(std::uint64_t)) return std::nullopt;
  std::uint64_t sequence = 0;
  for (std::size_t i = 0; i < sizeof sequence; ++i) sequence = sequence << 8 | static_cast<unsigned char>(key[i]);
  return sequence;
}

}  // namespace hedgerow::storage
