// The store's directory: DIR/HEDGEROW tells that a store is there, complete, and of which version; DIR/db is RocksDB's.
//
// Thread rule: one thread at a time.
#pragma once

#include <string>

#include "datasets/result.h"

namespace hedgerow::storage {

inline constexpr int kStoreVersion = 2;

std::string DatabasePath(const std::string& directory);

// Makes the directory. kStoreUnavailable if it exists and is not empty.
Status MakeDirectory(const std::string& directory);
// Removes a store that was not completed.
void RemoveDirectory(const std::string& directory);
// Declares the store complete: the marker is on the disk on return.
Status WriteMarker(const std::string& directory);
// kStoreUnavailable with the reason, unless a complete store of this version is there.
Status CheckMarker(const std::string& directory);

}  // namespace hedgerow::storage
