// What is known of a store without reading its records and trees.
//
// Thread rule: as Database.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "datasets/result.h"
#include "storage/codec.h"
#include "storage/database.h"
#include "storage/journal.h"

namespace hedgerow::storage {

// Keys of the family `default`. On disk: never rename.
inline constexpr const char* kHeaderKey = "header";
inline constexpr const char* kCountersKey = "counters";
inline constexpr const char* kProgressKey = "progress";
std::string CheckpointKey(std::uint32_t tree);

// The body of a marker: that the record or the subject was here and was forgotten.
inline constexpr std::string_view kForgottenBody = "\x01";

Error DamagedStore(const std::string& directory, const std::string& what);

struct Description {
  ModelHeader header;
  Counters counters;
  Progress progress;
};
// kStoreDamaged.
Result<Description> Describe(const Database& database, const std::string& directory);
Result<Counters> ReadCounters(const Database& database, const std::string& directory);

// Opens the database of a store or a backup, which may be open elsewhere, for reading. Says with kStoreUnavailable
// that there is none.
Result<std::unique_ptr<Database>> OpenForReading(const std::string& directory);

// An update, and its number.
struct NumberedEntry {
  std::uint64_t sequence = 0;
  JournalEntry entry;
};
// The updates after `progress.erased` that removed records, whose bytes may still be in a file: number, records.
using Unerased = std::deque<std::pair<std::uint64_t, std::uint64_t>>;
Result<Unerased> ReadUnerased(const Database& database, const std::string& directory, const Counters& counters,
                              const Progress& progress);
// No file holds anything of what updates up to this one removed.
std::uint64_t ErasedThrough(const Unerased& unerased, const Counters& counters);

Result<JournalEntry> ReadEntry(const Database& database, std::uint64_t sequence, const std::string& directory);
// The update that this request was; nothing if it was not carried out.
Result<std::optional<NumberedEntry>> FindRequest(const Database& database, const std::string& request_key,
                                                 const std::string& directory);

}  // namespace hedgerow::storage
