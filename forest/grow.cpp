#include "forest/grow.h"

#include <algorithm>
#include <memory>

#include "forest/small_grow.h"
#include "forest/statistics.h"

namespace hedgerow::forest {

bool IsTerminal(const Context& context, std::uint32_t records, std::span<const std::uint32_t> class_counts,
                std::uint32_t depth) {
  if (depth >= context.parameters.max_depth || records < context.parameters.min_split) return true;
  return std::find(class_counts.begin(), class_counts.end(), records) != class_counts.end();
}

void GrowChildren(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
                  Node& node) {
  const Place place = node.place();
  const std::span<std::uint32_t> left = workspace.left_counts(node.depth);
  for (std::size_t y = 0; y < context.classes; ++y) left[y] = CountLeft(node, node.champion, y);
  const Sides sides = SplitRange(workspace, range, node.split, node.depth);
  // Others may take over the smaller side: the larger one is loaded already.
  const bool right_is_smaller = sides.right.size < sides.left.size;
  const BlockRange& smaller = right_is_smaller ? sides.right : sides.left;
  const bool taken =
      workspace.helpers != nullptr &&
      workspace.helpers->TakeOver({workspace.blocks.slots(smaller), smaller.size}, place.Child(right_is_smaller),
                                  right_is_smaller ? node.right : node.left);
  if (!taken || right_is_smaller) node.left = GrowRange(context, records, workspace, sides.left, place.Child(false));
  if (!taken || !right_is_smaller) node.right = GrowRange(context, records, workspace, sides.right, place.Child(true));
}

GrownSides GrowSides(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
                     const Split& split, const Place& place) {
  const std::span<std::uint32_t> left = workspace.left_counts(place.depth);
  std::size_t at = 0;
  for (std::size_t y = 0; y < context.classes; ++y) {  // a class is a run of the range (block.h)
    left[y] = 0;
    for (const std::size_t end = at + range.class_counts[y]; at < end; ++at) {
      if (split.Left(workspace.blocks.row(range, at)[split.attribute])) ++left[y];
    }
  }
  const Sides sides = SplitRange(workspace, range, split, place.depth);
  GrownSides grown;
  grown.left = GrowRange(context, records, workspace, sides.left, place.Child(false));
  grown.right = GrowRange(context, records, workspace, sides.right, place.Child(true));
  return grown;
}

Subtree GrowRange(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
                  const Place& place) {
  Subtree subtree;
  if (range.size <= kSmallRecords) {
    workspace.parts.Clear();
    GrowSmall(context, records, workspace, range, place.key, place.depth);
    subtree = SmallTree::Make(workspace.parts, context.classes);
    return subtree;
  }
  subtree = std::make_unique<Node>();
  Node& node = *subtree.node();
  node.set_place(place);
  node.records = range.size;
  node.class_counts = ClassCounts({range.class_counts, context.classes});
  if (!IsTerminal(context, range.size, node.class_counts, place.depth)) {
    CountTable& table = workspace.table;
    CountStatistics(context, records, workspace, range, place.key, node.class_counts, table);
    const std::uint32_t champion = ChooseCandidate(context, place.key, range.size, node.class_counts, table);
    node.statistics = Statistics(table, node.class_counts);
    if (champion != kNoChampion) {
      node.champion = node.statistics.CandidateOf(table, champion);
      node.split = EffectiveSplit(context, table, champion);
    }
  }
  if (node.leaf()) {
    const Slot* slots = workspace.blocks.slots(range);
    node.MutableLeafSlots().assign(slots, slots + range.size);
    return subtree;
  }
  GrowChildren(context, records, workspace, range, node);
  return subtree;
}

Subtree GrowSubtree(const Context& context, const Records& records, Workspace& workspace, std::span<const Slot> slots,
                    const Place& place) {
  const BlockRange range = workspace.blocks.Load(records, slots, workspace.top_counts());
  return GrowRange(context, records, workspace, range, place);
}

}  // namespace hedgerow::forest
