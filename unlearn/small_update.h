// Updating a small subtree: its successor is built along the touched paths, and the rest is copied.
//
// Thread rule: one thread a workspace.
#pragma once

#include <span>

#include "forest/grow.h"
#include "forest/records.h"
#include "forest/small_tree.h"
#include "forest/tree.h"
#include "forest/workspace.h"

namespace hedgerow::unlearn {

// The small tree of workspace.slots, which are the records of `old` without and with those in `changed`: each of
// these was removed or added. Reorders `changed`.
forest::SmallTree::Pointer SucceedSmallTree(const forest::Context& context, const forest::Records& records,
                                            forest::Workspace& workspace, const forest::SmallTree& old,
                                            const forest::Place& place, std::span<forest::Slot> changed);

}  // namespace hedgerow::unlearn
