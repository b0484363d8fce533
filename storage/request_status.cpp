#include "storage/request_status.h"

#include <filesystem>

#include "storage/bytes.h"
#include "storage/directory.h"
#include "storage/erasures.h"
#include "storage/store_impl.h"

namespace hedgerow::storage {
namespace {

// A synced file is on the disk whoever has written it.
Status SyncLogs(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(DatabasePath(directory), error)) {
    if (entry.path().extension() != ".log") continue;
    Status status = SyncPath(entry.path().string());
    std::error_code ignored;
    // One that is gone was written to a table file, which is synced.
    if (!status && std::filesystem::exists(entry.path(), ignored)) return status;
  }
  if (!error) return {};
  return Error{ErrorCode::kIo, "the directory cannot be listed", directory, "check the disk and the permissions"};
}

// The sealed body under a key; nothing if there is no such key. The caller owns the text.
Result<std::optional<std::string>> ReadSealed(const Database& database, Family family, const std::string& key,
                                              const Error& damaged) {
  Result<std::optional<std::string>> sealed = database.Get(family, key);
  if (!sealed || !*sealed) return sealed;
  const auto body = Unseal(key, **sealed);
  if (!body) return damaged;
  return std::optional<std::string>(std::string(*body));
}

}  // namespace

Result<std::optional<RequestStatus>> StatusOf(const std::string& directory, std::string_view request_id) {
  if (Status status = CheckMarker(directory); !status) return status.error();
  const Result<std::unique_ptr<Database>> database = OpenForReading(directory);
  if (!database) return database.error();
  const Result<Description> description = Describe(**database, directory);
  if (!description) return description.error();
  const Error damaged = DamagedStore(directory, "the list of requests");
  const std::string request = RequestKey(description->header.secret, request_id);
  const auto number = ReadSealed(**database, Family::kRequests, request, damaged);
  if (!number) return number.error();
  if (!*number) return std::optional<RequestStatus>();
  const auto sequence = SequenceOf(**number);
  if (!sequence) return damaged;
  const auto body = ReadSealed(**database, Family::kJournal, SequenceKey(*sequence), damaged);
  if (!body) return body.error();
  const auto progress_body = ReadSealed(**database, Family::kMeta, kProgressKey, damaged);
  if (!progress_body) return progress_body.error();
  const auto entry = *body ? DecodeEntry(**body) : std::nullopt;
  const auto progress = *progress_body ? DecodeProgress(**progress_body) : std::nullopt;
  if (!entry || !progress) return damaged;
  if (Status status = SyncLogs(directory); !status) return status.error();
  const Stage stage = *sequence <= progress->erased ? Stage::kErased : Stage::kExact;
  return std::optional<RequestStatus>(
      RequestStatus{*sequence, entry->kind, entry->ground, entry->time_us, entry->records, stage});
}

}  // namespace hedgerow::storage
