// Backups: a consistent copy of a store, taken while it is in use, that is no store itself.
//
// A backup holds records that the store may forget later, and nothing can take them out of a copy that lies elsewhere.
// So a backup cannot be opened; it has to be restored, and restoring takes out what was forgotten since (restore.h).
//
// Thread rule: any thread.
#pragma once

#include <cstdint>
#include <string>

#include "datasets/result.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace hedgerow::storage {

struct BackupReport {
  std::uint64_t sequence = 0;  // of the last update that is in it
  std::uint64_t records = 0;   // live ones
  std::uint64_t time_us = 0;   // when it was taken, since 1970, UTC
  std::uint64_t files = 0, bytes = 0;
};

// Copies a store to a new directory, which is on the disk and complete on return. `store` may be closed, or open in
// another process, which is not disturbed. kStoreUnavailable: no store there, something at `to`, or the other process
// moves its files faster than they can be copied; kIo. What was copied before a failure is removed.
Result<BackupReport> MakeBackup(const std::string& store, const std::string& to);
// The same of a store that is open here. Updates go on meanwhile.
Result<BackupReport> MakeBackup(Store& store, const std::string& to);

// What stands in a backup's marker. kStoreUnavailable: no backup there, or not one of this version.
struct BackupMarker {
  std::uint64_t sequence = 0, time_us = 0;
};
Result<BackupMarker> ReadBackupMarker(const std::string& directory);

// "2026-11-24T09:12:48Z"
std::string UtcTime(std::uint64_t us);

}  // namespace hedgerow::storage
