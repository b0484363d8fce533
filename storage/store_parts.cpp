// The parts of a large erasure, found again (store.h, "records_at_a_time").
#include <fmt/format.h>

#include "storage/evidence/log_store.h"
#include "storage/sealed.h"
#include "storage/store_impl.h"

namespace hedgerow::storage {
namespace {

// How the log names the request of an update's first entry; nothing for an update that cannot be a part.
Result<std::optional<std::string>> LogNameOfRequest(const Database& database, std::uint64_t accepted,
                                                    const std::string& directory) {
  const Result<std::string> bytes = ReadLogEntry(database, accepted - 1, directory);
  if (!bytes) return bytes.error();
  const std::optional<LogEntry> entry = DecodeLogEntry(*bytes);
  if (!entry || entry->type != LogEntryType::kUpdate) return DamagedStore(directory, "the log");
  if (entry->Get("kind") != NameOf(UpdateKind::kForget)) return std::optional<std::string>();
  return std::optional<std::string>(entry->Get("request"));
}

}  // namespace

// A request that is made again, since it was cut short, has its first part already.
Status Store::Impl::NoteFirstPart(Update& update) const {
  const std::string name = LogRequestName(update.request_id, update.entry.request_key);
  const std::string key = PartsKey(secret, name);
  const auto noted = GetSealed(*database, Family::kRequests, key, DamagedStore(directory, "the list of requests"));
  if (!noted) return noted.error();
  if (!*noted) PutSealed(Family::kRequests, key, SequenceKey(update.counters.sequence), update.batch);
  return {};
}

// The index in the log from which on there may be parts before this update; nothing: it is none of several.
Result<std::optional<std::uint64_t>> Store::Impl::BeginOfParts(std::uint64_t sequence, const std::string& name) const {
  const Error damaged = DamagedStore(directory, "the list of requests");
  const auto noted = GetSealed(*database, Family::kRequests, PartsKey(secret, name), damaged);
  if (!noted) return noted.error();
  if (*noted) {
    const auto first = SequenceOf(**noted);
    if (!first) return damaged;
    const Result<std::optional<StagePlaces>> places = ReadStages(*database, *first, directory);
    if (!places) return places.error();
    if (*places && (*places)->accepted != 0) return std::optional((*places)->accepted - 1);
  }
  // The note is missing where the journal came from another store, by a restore. The last part tells of the whole.
  const Result<JournalEntry> entry = ReadEntry(*database, sequence, directory);
  if (!entry) return entry.error();
  if (!*noted && entry->records <= entry->erased.size()) return std::optional<std::uint64_t>();
  return std::optional<std::uint64_t>(0);
}

Result<std::vector<std::uint64_t>> Store::PartsBefore(std::uint64_t sequence) const {
  std::vector<std::uint64_t> parts;
  const Database& database = *impl_->database;
  const std::string& directory = impl_->directory;
  const Result<std::optional<StagePlaces>> places = ReadStages(database, sequence, directory);
  if (!places) return places.error();
  if (!*places || (*places)->accepted == 0) return parts;
  const auto name = LogNameOfRequest(database, (*places)->accepted, directory);
  if (!name) return name.error();
  if (!*name) return parts;
  const Result<std::optional<std::uint64_t>> begin = impl_->BeginOfParts(sequence, **name);
  if (!begin) return begin.error();
  if (!*begin) return parts;
  const std::string line = fmt::format("\nrequest {}\n", **name);
  const Status read = ForEachLogEntry(database, **begin, (*places)->accepted - 1, directory,
                                      [&](std::uint64_t, std::string_view bytes) -> Status {
                                        if (bytes.find(line) == std::string_view::npos) return {};
                                        const std::optional<LogEntry> entry = DecodeLogEntry(bytes);
                                        if (!entry) return DamagedStore(directory, "the log");
                                        if (entry->Get("stage") == NameOf(Stage::kUnlearned))
                                          parts.push_back(entry->Number("sequence"));
                                        return {};
                                      });
  if (!read) return read.error();
  return parts;
}

}  // namespace hedgerow::storage
