// A place in a tree whose subtree is still to be grown (docs/unlearning.md, "Quarantine").
//
// Until then the place answers with its own class counts, as if it were a leaf. What stood there before is kept, but
// only to tell which records there are; it names records that are gone since.
//
// Thread rule: one writer. `before` does not change while the quarantine lasts, so whoever shares the ownership may
// read it, slots alone, beside the writer.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "forest/node.h"
#include "forest/place.h"

namespace hedgerow::forest {

struct Quarantine {
  struct Change {
    Slot slot = 0;
    bool added = false;
  };

  std::uint32_t tree = 0;
  Place place;
  std::uint64_t since = 0;  // the number of the update that began it
  std::chrono::steady_clock::time_point began{};
  std::uint32_t records = 0;
  std::vector<std::uint32_t> class_counts;

  Subtree before;
  // `before` is what belongs here, but for the changes: a part of a subtree that was grown and takes its place piece by
  // piece.
  bool grown = false;
  // What came and went since, in order. A slot is not given to another record while the quarantine lasts, so each
  // comes and goes once at the most.
  std::vector<Change> changes;
};

// The slots of the records that are left of those below `before` after these changes, in no particular order.
std::vector<Slot> CollectSlots(const Subtree& before, const std::vector<Quarantine::Change>& changes);

}  // namespace hedgerow::forest
