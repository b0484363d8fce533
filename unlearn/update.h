// Taking records out of a forest, and putting records in, exactly (docs/unlearning.md).
//
// Thread rule: one writer, and no reader while it writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "forest/forest.h"
#include "forest/records.h"

namespace hedgerow::unlearn {

// What an update did, summed over trees.
struct Effect {
  std::uint64_t trees = 0;            // trees that hold one of the records
  std::uint64_t nodes = 0;            // nodes that were visited
  std::uint64_t flips = 0;            // splits that changed, so that what is below was grown anew
  std::uint64_t flipped_records = 0;  // records below those splits
  std::uint64_t redraws = 0;          // anchors drawn anew and attributes that became or stopped being constant
  std::uint64_t collapses = 0;        // nodes that became leaves

  Effect& operator+=(const Effect& other);
};

// Takes the records in `slots` (live, distinct) out of the trees that hold them. The caller removes them from
// `records` afterwards: their rows are read here.
Effect RemoveFromForest(forest::Forest& forest, const forest::Records& records, std::span<const forest::Slot> slots);

// Puts the records in `slots` (live, distinct, in no tree) into the trees that are to hold them.
Effect AddToForest(forest::Forest& forest, const forest::Records& records, std::span<const forest::Slot> slots);

}  // namespace hedgerow::unlearn
