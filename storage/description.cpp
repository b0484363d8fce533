#include "storage/description.h"

#include <filesystem>
#include <utility>

#include "storage/bytes.h"
#include "storage/directory.h"
#include "storage/sealed.h"

namespace hedgerow::storage {
namespace {

// The body of a value that every store has.
Result<std::string> ReadMeta(const Database& database, const char* key, const std::string& directory) {
  const Error damaged = DamagedStore(directory, "the description of the model");
  const auto body = GetSealed(database, Family::kMeta, key, damaged);
  if (!body) return body.error();
  if (!*body) return damaged;
  return **body;
}

}  // namespace

std::string CheckpointKey(std::uint32_t tree) {
  std::string key = "checkpoint ";
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(tree >> shift));
  return key;
}

Error DamagedStore(const std::string& directory, const std::string& what) {
  return {ErrorCode::kStoreDamaged, what + " is damaged", directory, "restore a backup, or train again"};
}

Result<Counters> ReadCounters(const Database& database, const std::string& directory) {
  const Result<std::string> body = ReadMeta(database, kCountersKey, directory);
  if (!body) return body.error();
  const auto counters = DecodeCounters(*body);
  if (!counters) return DamagedStore(directory, "the description of the model");
  return *counters;
}

Result<Description> Describe(const Database& database, const std::string& directory) {
  const Result<std::string> header_body = ReadMeta(database, kHeaderKey, directory);
  if (!header_body) return header_body.error();
  const Result<std::string> progress_body = ReadMeta(database, kProgressKey, directory);
  if (!progress_body) return progress_body.error();
  const Result<Counters> counters = ReadCounters(database, directory);
  if (!counters) return counters.error();
  auto header = DecodeHeader(*header_body);
  const auto progress = DecodeProgress(*progress_body);
  if (!header || !progress || progress->floor > counters->sequence)
    return DamagedStore(directory, "the description of the model");
  return Description{std::move(*header), *counters, *progress};
}

Result<std::unique_ptr<Database>> OpenForReading(const std::string& directory) {
  std::error_code ignored;
  if (!std::filesystem::exists(DatabasePath(directory), ignored)) {
    return Error{ErrorCode::kStoreUnavailable, "there is no store and no backup", directory, "check the path"};
  }
  return Database::Open(DatabasePath(directory), Database::Mode::kRead);
}

Result<Unerased> ReadUnerased(const Database& database, const std::string& directory, const Counters& counters,
                              const Progress& progress) {
  Unerased unerased;
  std::uint64_t next = progress.erased + 1;
  const auto read = [&](std::string_view key, std::string_view value) -> Status {
    const auto body = Unseal(key, value);
    const auto entry = body ? DecodeEntry(*body) : std::nullopt;
    const auto sequence = SequenceOf(key);
    // None is missing, and none is there that the counters do not know.
    if (!entry || sequence != next++) return DamagedStore(directory, "the journal");
    if (!entry->erased.empty()) unerased.emplace_back(*sequence, entry->erased.size());
    return {};
  };
  if (Status status = database.ForEachFrom(Family::kJournal, SequenceKey(next), read); !status) return status.error();
  if (next != counters.sequence + 1) return DamagedStore(directory, "the journal");
  return unerased;
}

std::uint64_t ErasedThrough(const Unerased& unerased, const Counters& counters) {
  return unerased.empty() ? counters.sequence : unerased.front().first - 1;
}

Result<JournalEntry> ReadEntry(const Database& database, std::uint64_t sequence, const std::string& directory) {
  const Error damaged = DamagedStore(directory, "the journal");
  const auto body = GetSealed(database, Family::kJournal, SequenceKey(sequence), damaged);
  if (!body) return body.error();
  auto entry = *body ? DecodeEntry(**body) : std::nullopt;
  if (!entry) return damaged;
  return std::move(*entry);
}

Result<std::optional<NumberedEntry>> FindRequest(const Database& database, const std::string& request_key,
                                                 const std::string& directory) {
  const Error damaged = DamagedStore(directory, "the list of requests");
  const auto body = GetSealed(database, Family::kRequests, request_key, damaged);
  if (!body) return body.error();
  if (!*body) return std::optional<NumberedEntry>();
  const auto sequence = SequenceOf(**body);
  if (!sequence) return damaged;
  Result<JournalEntry> entry = ReadEntry(database, *sequence, directory);
  if (!entry) return entry.error();
  return std::optional<NumberedEntry>(NumberedEntry{*sequence, std::move(*entry)});
}

}  // namespace hedgerow::storage
