#include "storage/request_status.h"

#include "storage/description.h"
#include "storage/directory.h"

namespace hedgerow::storage {
Result<std::optional<RequestStatus>> StatusOf(const std::string& directory, std::string_view request_id) {
  if (Status status = CheckMarker(directory); !status) return status.error();
  const Result<std::unique_ptr<Database>> database = OpenForReading(directory);
  if (!database) return database.error();
  const Result<Description> description = Describe(**database, directory);
  if (!description) return description.error();
  const auto found = FindRequest(**database, RequestKey(description->header.secret, request_id), directory);
  if (!found) return found.error();
  if (!*found) return std::optional<RequestStatus>();
  if (Status status = (*database)->Sync(); !status) return status.error();
  const Result<Unerased> unerased = ReadUnerased(**database, directory, description->counters, description->progress);
  if (!unerased) return unerased.error();
  const auto& [sequence, entry] = **found;
  const Stage stage = sequence <= ErasedThrough(*unerased, description->counters) ? Stage::kErased : Stage::kExact;
  return std::optional<RequestStatus>(
      RequestStatus{sequence, entry.kind, entry.ground, entry.time_us, entry.records, stage});
}

}  // namespace hedgerow::storage
