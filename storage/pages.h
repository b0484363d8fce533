// The forest's pages: which of them an update has to write, and reading all of them back.
//
// Thread rule: one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "datasets/result.h"
#include "forest/forest.h"
#include "forest/records.h"
#include "storage/database.h"
#include "storage/members.h"

namespace hedgerow::storage {

// Whether a tree has changed since its pages were marked as stored.
bool IsDirty(const forest::Tree& tree);
// A page as it will stand in the database, but for its seal.
struct TakenPage {
  std::string key, body;
};
// What has changed in a tree since then: pages of nodes on updated paths and of what stands now below replaced nodes.
// The removal of what stood there is added to the batch, where pages come after it.
std::vector<TakenPage> TakePages(const forest::Forest& forest, std::uint32_t tree, Database::Batch& batch);
// Seals pages and adds them to the batch. Needs no forest: half of a checkpoint's work, which nobody has to wait for.
void PutPages(const std::vector<TakenPage>& pages, Database::Batch& batch);
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
