// Drawing a node's anchors (docs/model.md, "Anchors").
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>

#include "forest/records.h"
#include "forest/tree.h"
#include "forest/workspace.h"

namespace hedgerow::forest {

// Fills workspace.anchors with the position of each anchor's record in the range, which must not be empty.
void DrawAnchors(const Context& context, const Records& records, const BlockRange& range, std::uint64_t key,
                 Workspace& workspace);

// Whether record `a` comes before record `b` in the draw of anchor `anchor` at the node with this key.
bool DrawnBefore(const Records& records, std::uint64_t key, std::uint64_t anchor, Slot a, Slot b);

}  // namespace hedgerow::forest
