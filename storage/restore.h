// From a backup to a store: what was erased since the backup was taken is erased from the copy before it may be opened.
//
// The copy becomes what the store would be had it stopped right after its journal was written: rows that left wait as
// ghosts, and opening takes them out of the trees (store.h). So restoring has no way of its own to forget. What was
// learned since is not in the backup and does not come back.
//
// Thread rule: any thread; the directories must not be in use for writing.
#pragma once

#include <cstdint>
#include <string>

#include "datasets/result.h"
#include "forest/digest.h"
#include "forest/executor.h"

namespace hedgerow::storage {

struct RestoreOptions {
  std::string backup;
  std::string to;  // a new directory
  // One of these three: where to read what was erased since.
  std::string live;      // the store that the backup was taken of, or one that was restored from another backup of it
  std::string erasures;  // a list that was exported from it (erasures.h)
  bool none_since = false;  // nowhere: somebody states that nothing was erased since
};

struct RestoreReport {
  std::uint64_t backup_sequence = 0;
  std::uint64_t sequence = 0;  // of the last update whose erasures are applied
  std::uint64_t updates = 0;   // between the two
  std::uint64_t erased = 0;    // records of the backup that are not in the store
  std::uint64_t records = 0;   // in the restored store
  // Records that the live store had at that update and the restored one lacks: learned or corrected since the backup.
  std::uint64_t missing = 0;
  forest::Digest root;
};

// On return the store is there, complete and on the disk, and no file of it holds what was erased. Before that
// Store::Open refuses it. kUsage unless one of the three is given; kStoreUnavailable: no backup there, something at
// `to`, the live store or the list is of another store, of another history, or ends before the backup or begins after
// it; kBadInput: the list was changed; kStoreDamaged; kIo. After a failure there is nothing at `to`.
Result<RestoreReport> Restore(const RestoreOptions& options, forest::Executor& executor);

}  // namespace hedgerow::storage
