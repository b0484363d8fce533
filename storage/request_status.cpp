#include "storage/request_status.h"

#include <filesystem>

#include "storage/description.h"
#include "storage/directory.h"

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

}  // namespace

Result<std::optional<RequestStatus>> StatusOf(const std::string& directory, std::string_view request_id) {
  if (Status status = CheckMarker(directory); !status) return status.error();
  const Result<std::unique_ptr<Database>> database = OpenForReading(directory);
  if (!database) return database.error();
  const Result<Description> description = Describe(**database, directory);
  if (!description) return description.error();
  const auto found = FindRequest(**database, RequestKey(description->header.secret, request_id), directory);
  if (!found) return found.error();
  if (!*found) return std::optional<RequestStatus>();
  if (Status status = SyncLogs(directory); !status) return status.error();
  const auto& [sequence, entry] = **found;
  const Stage stage = sequence <= description->progress.erased ? Stage::kErased : Stage::kExact;
  return std::optional<RequestStatus>(
      RequestStatus{sequence, entry.kind, entry.ground, entry.time_us, entry.records, stage});
}

}  // namespace hedgerow::storage
