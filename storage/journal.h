// The journal: an entry for every update that was ever made, in the order in which they took effect, and who asked for
// them (docs/store-format.md, "Journal").
//
// An entry holds no record content and no raw id: only keyed hashes that nobody can make without the store's secret.
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/keys.h"

namespace hedgerow::storage {

// On disk: never renumber.
enum class UpdateKind : std::uint8_t { kForget = 1, kLearn = 2, kCorrect = 3 };
// The letter of GDPR Art. 17(1); 0: none was given.
enum class Ground : std::uint8_t { kNone = 0, kA, kB, kC, kD, kE, kF };

struct JournalEntry {
  UpdateKind kind = UpdateKind::kForget;
  Ground ground = Ground::kNone;
  std::uint64_t time_us = 0;  // since 1970, UTC
  std::string request_key;    // keyed hash of the request's id
  std::string content_key;    // keyed hash of what was asked, to tell a repeated request from another one
  std::uint64_t records = 0;
  std::vector<std::string> erased;  // the record keys that left: of forget and correct
};

// Who asked; told to the log alone.
enum class Role : std::uint8_t { kNone = 0, kDataSubject, kRepresentative, kController, kProcessor, kAuthority };
std::string_view NameOf(Role role);
std::optional<Role> RoleOf(std::string_view name);
std::string_view NameOf(UpdateKind kind);
// As the command line has it: "art17-1-a"; "none".
std::string_view LogNameOf(Ground ground);

// Microseconds since 1970, UTC.
std::uint64_t NowUs();
// A new UUID, version 4 (RFC 4122).
std::string MakeRequestId();

std::string EncodeEntry(const JournalEntry& entry);
std::optional<JournalEntry> DecodeEntry(std::string_view bytes);

// Sorts by sequence number.
std::string SequenceKey(std::uint64_t sequence);
std::optional<std::uint64_t> SequenceOf(std::string_view key);

}  // namespace hedgerow::storage
