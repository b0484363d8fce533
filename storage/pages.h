// The forest's pages: which of them an update has to write, and reading all of them back.
//
// Thread rule: one thread at a time.
#pragma once

#include <string>

#include "datasets/result.h"
#include "forest/forest.h"
#include "forest/records.h"
#include "storage/database.h"
#include "storage/members.h"

namespace hedgerow::storage {

// Whether a tree has changed since its pages were marked as stored.
bool IsDirty(const forest::Tree& tree);
// Adds to the batch what has changed in a tree since then: pages of nodes on updated paths, the removal of what
// stood below replaced nodes, and the pages of what stands there now. The number of pages.
std::size_t WritePages(const forest::Forest& forest, std::uint32_t tree, Database::Batch& batch);
// Writes all pages of a new store, which nobody reads before it is complete, in batches of about this size.
Status WriteAllPages(const forest::Forest& forest, Database& database, std::size_t batch_bytes);

// What is in that batch need not be written again.
void MarkStored(forest::Tree& tree);
// The batch may have been written or not: the next one has the whole tree.
void MarkUnknown(forest::Tree& tree);

// Reads all trees. kStoreDamaged if a checksum or an invariant does not hold: each tree holds the records and ghosts
// that `members` says, each once, and counts must be those of the records below.
struct StoredTrees {
  const Database& database;
  const forest::Records& records;
  const Members& members;
  std::string place;  // named in errors
};
Status ReadPages(const StoredTrees& stored, forest::Forest& forest, forest::Executor& executor);

}  // namespace hedgerow::storage
