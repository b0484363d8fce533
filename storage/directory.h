// The store's directory: DIR/HEDGEROW tells that a store is there, complete, and of which version; DIR/db is RocksDB's.
// A backup has DIR/BACKUP instead.
//
// Thread rule: one thread at a time.
#pragma once

#include <string>

#include "datasets/result.h"

namespace hedgerow::storage {

inline constexpr int kStoreVersion = 3;
// Has no log. Opening such a store for writing begins one; such a backup can be restored.
inline constexpr int kOlderVersion = 2;

std::string DatabasePath(const std::string& directory);

// Makes the directory. kStoreUnavailable if it exists and is not empty.
Status MakeDirectory(const std::string& directory);
// Removes a store that was not completed.
void RemoveDirectory(const std::string& directory);
// Declares the store complete: the marker is on the disk on return. `more`: further lines of it, for people to read.
Status WriteMarker(const std::string& directory, const std::string& more = "");
struct CheckOptions {
  bool restoring = false;  // a backup that is being restored will do
  bool older = false;      // a store of the version before will do
};
// kStoreUnavailable with the reason, unless a complete store of this version is there.
Status CheckMarker(const std::string& directory, const CheckOptions& options = {});
// Declares that a store of the older version is one of this version now.
Status UpgradeMarker(const std::string& directory);

// The files that say that a directory is no store that may be opened: a backup, or a backup that was copied and from
// which what was erased since has not been taken yet.
inline constexpr const char* kBackupMarker = "BACKUP";
inline constexpr const char* kRestoringMarker = "RESTORING";
// A small file, on the disk on return, or not there at all.
Status WriteFileDurably(const std::string& directory, const std::string& name, const std::string& content);
// The file or the directory is on the disk on return.
Status SyncPath(const std::string& path);
// The directory's own name is.
Status SyncParent(const std::string& directory);

}  // namespace hedgerow::storage
