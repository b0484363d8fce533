// Growing small subtrees: at most kSmallRecords records, whose counts are forgotten when the split is chosen.
//
// Thread rule: one thread a workspace.
#pragma once

#include <cstdint>
#include <optional>

#include "forest/records.h"
#include "forest/tree.h"
#include "forest/workspace.h"

namespace hedgerow::forest {

// The split of a node with these records, or nothing if it is a leaf. With a split, workspace.left_counts(depth) says
// how many records of each class go left.
std::optional<Split> ChooseSmallSplit(const Context& context, const Records& records, Workspace& workspace,
                                      const BlockRange& range, std::uint64_t key, std::uint32_t depth);

// The two ranges that a split makes of one. workspace.left_counts(depth) must be set.
struct Sides {
  BlockRange left, right;
};
Sides SplitRange(Workspace& workspace, const BlockRange& range, const Split& split, std::uint32_t depth);

// Appends the subtree of these records to workspace.parts.
void GrowSmall(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
               std::uint64_t key, std::uint32_t depth);
// The same when the root's split is known already, and workspace.left_counts(depth) is set.
void GrowSmallFrom(const std::optional<Split>& split, const Context& context, const Records& records,
                   Workspace& workspace, const BlockRange& range, std::uint64_t key, std::uint32_t depth);

// Appends an inner node to workspace.parts; its `right` is set later, when the left side is there.
void AppendInner(const Split& split, SmallTreeParts& parts);

}  // namespace hedgerow::forest
