#include "storage/restore_log.h"

#include <memory>

#include "storage/description.h"
#include "storage/evidence/log_store.h"

namespace hedgerow::storage {
namespace {

constexpr std::size_t kBatchBytes = 4 << 20;

Status CopyFamily(const Database& from, Database& to) {
  auto batch = std::make_unique<Database::Batch>(to);
  const Status status = from.ForEach(Family::kLog, "", [&](std::string_view key, std::string_view value) -> Status {
    batch->Put(Family::kLog, key, value);
    if (batch->bytes() < kBatchBytes) return {};
    Status written = to.Write(*batch, /*sync=*/false);
    batch = std::make_unique<Database::Batch>(to);
    return written;
  });
  return status ? to.Write(*batch, /*sync=*/true) : status;
}

}  // namespace

Result<std::optional<Restoration>> TakeLog(Database& copy, const std::string& backup, const std::string& live) {
  if (!live.empty()) {
    const Result<std::unique_ptr<Database>> database = OpenForReading(live);
    if (!database) return database.error();
    if (Status status = copy.Empty(Family::kLog); !status) return status.error();
    if (Status status = CopyFamily(**database, copy); !status) return status.error();
  }
  const std::string& place = live.empty() ? backup : live;
  const Result<std::optional<LogState>> state = ReadLogState(copy, place);
  if (!state) return state.error();
  if (!*state) return std::optional<Restoration>();
  Restoration restoration;
  restoration.from_origin = (*state)->origin;
  restoration.from_hash = Sha256("");
  const Result<std::optional<Published>> published = ReadPublished(copy, place);
  if (!published) return published.error();
  if (*published) {
    restoration.from_size = (*published)->checkpoint.size;
    restoration.from_hash = (*published)->checkpoint.root;
  }
  return std::optional<Restoration>(restoration);
}

}  // namespace hedgerow::storage
