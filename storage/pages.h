// The forest's pages: which of them an update has to write, and reading all of them back.
//
// Thread rule: one thread at a time.
#pragma once

#include <string>

#include "datasets/result.h"
#include "forest/forest.h"
#include "forest/records.h"
#include "storage/database.h"

namespace hedgerow::storage {

// Adds to the batch what has changed since the pages were marked as stored: pages of nodes on updated paths, the
// removal of what stood below replaced nodes, and the pages of what stands there now.
void WritePages(const forest::Forest& forest, Database::Batch& batch);
// Writes all pages of a new store, which nobody reads before it is complete, in batches of about this size.
Status WriteAllPages(const forest::Forest& forest, Database& database, std::size_t batch_bytes);

// To be called when that batch is on the disk.
void MarkStored(forest::Forest& forest);

// Reads all trees. kStoreDamaged if a checksum or an invariant does not hold: every live record must be in
// exactly `occupancy` trees, once in each, and counts must be those of the records below.
Status ReadPages(const Database& database, const forest::Records& records, const std::string& place,
                 forest::Forest& forest);

}  // namespace hedgerow::storage
