// Lists of changes that something has yet to be told of.
//
// Thread rule: pure functions.
#pragma once

#include <span>
#include <vector>

#include "forest/quarantine.h"

namespace hedgerow::unlearn {

// What is left of these changes when those that undo each other are taken away: a record that came and went. Each slot
// comes and goes once at the most. Takes quadratic time in the changes: for few.
std::vector<forest::Quarantine::Change> NetChanges(std::span<const forest::Quarantine::Change> changes);

// The same, parted.
struct NetSlots {
  std::vector<forest::Slot> removed, added;
};
NetSlots PartChanges(std::span<const forest::Quarantine::Change> changes);

}  // namespace hedgerow::unlearn
