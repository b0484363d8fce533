// What has left a store since a given update: from its journal, or as a list in a file, for the restoring of a backup
// (restore.h).
//
// A list names nobody: it holds the journal's entries, whose keys are hashes under the store's secret, and it ends with
// a code that only who has the secret can make. Format: docs/store-format.md, "Lists of erasures".
//
// Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "datasets/result.h"
#include "storage/codec.h"
#include "storage/database.h"
#include "storage/journal.h"

namespace hedgerow::storage {

struct ErasureList {
  std::string identity;               // of the store (keys.h)
  std::uint64_t first = 1;            // the sequence number of the first entry, if there is any
  std::uint64_t last = 0;             // the store's sequence number when the list was made
  std::uint64_t records = 0;          // that were live then
  std::vector<JournalEntry> entries;  // first, first + 1, ..., last
};

// The entries from `first` on (at least 1), of a store that is closed, or open elsewhere. kStoreUnavailable;
// kStoreDamaged if one is missing.
Result<ErasureList> ReadErasures(const std::string& directory, std::uint64_t first);

// Writes them to a file, which is on the disk on return, and tells what is in it. kIo.
Result<ErasureList> ExportErasures(const std::string& directory, std::uint64_t first, const std::string& path);
// Reads a list of the store that has this secret. kBadInput if it is of another store, was cut or was changed.
Result<ErasureList> LoadErasures(const std::string& path, const Secret& secret);

}  // namespace hedgerow::storage
