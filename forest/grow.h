// Growing subtrees from their records.
//
// Thread rule: one thread a workspace.
#pragma once

#include <cstdint>
#include <span>

#include "forest/node.h"
#include "forest/place.h"
#include "forest/records.h"
#include "forest/tree.h"
#include "forest/workspace.h"

namespace hedgerow::forest {

// The subtree of these records at this place. `slots` may be workspace.slots.
Subtree GrowSubtree(const Context& context, const Records& records, Workspace& workspace, std::span<const Slot> slots,
                    const Place& place);

// The same for records that are loaded already.
Subtree GrowRange(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
                  const Place& place);

// Grows both children of a node whose statistics and split are set, from its loaded records. One that the workspace's
// helpers have taken over is set later.
void GrowChildren(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
                  Node& node);

// The two subtrees that a split makes of loaded records at this place, whatever the node's own split is.
struct GrownSides {
  Subtree left, right;
};
GrownSides GrowSides(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
                     const Split& split, const Place& place);

// Whether a node is a leaf before any candidate is looked at: by depth, size or purity.
bool IsTerminal(const Context& context, std::uint32_t records, std::span<const std::uint32_t> class_counts,
                std::uint32_t depth);

}  // namespace hedgerow::forest
