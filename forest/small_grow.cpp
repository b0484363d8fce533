#include "forest/small_grow.h"

#include <algorithm>
#include <numeric>

#include "forest/grow.h"
#include "forest/hash.h"
#include "forest/statistics.h"

namespace hedgerow::forest {

std::optional<Split> ChooseSmallSplit(const Context& context, const Records& records, Workspace& workspace,
                                      const BlockRange& range, std::uint64_t key, std::uint32_t depth) {
  const std::span<const std::uint32_t> class_counts(range.class_counts, context.classes);
  if (IsTerminal(context, range.size, class_counts, depth)) return std::nullopt;
  // A few records have a few of the classes, and a table has only those.
  std::vector<std::uint32_t>& runs = workspace.class_runs;
  runs.clear();
  std::copy_if(class_counts.begin(), class_counts.end(), std::back_inserter(runs), [](auto n) { return n != 0; });
  CountTable& table = workspace.table;
  CountStatistics(context, records, workspace, range, key, runs, table);
  const std::uint32_t champion = ChooseCandidate(context, key, range.size, runs, table);
  if (champion == kNoChampion) return std::nullopt;
  const std::span<std::uint32_t> left = workspace.left_counts(depth);
  std::size_t run = 0;
  for (std::size_t y = 0; y < context.classes; ++y) {
    left[y] = class_counts[y] != 0 ? CountLeft(table, champion, run++) : 0;
  }
  return EffectiveSplit(context, table, champion);
}

Sides SplitRange(Workspace& workspace, const BlockRange& range, const Split& split, std::uint32_t depth) {
  const std::span<const std::uint32_t> left = workspace.left_counts(depth);
  const std::span<std::uint32_t> right = workspace.right_counts(depth);
  const std::uint32_t lefts = std::accumulate(left.begin(), left.end(), 0U);
  workspace.blocks.Partition(range, split, lefts);
  for (std::size_t y = 0; y < left.size(); ++y) right[y] = range.class_counts[y] - left[y];
  const std::uint32_t side = 1 - range.side;
  return {{side, range.begin, lefts, left.data()}, {side, range.begin + lefts, range.size - lefts, right.data()}};
}

void AppendInner(const Split& split, SmallTreeParts& parts) {
  const bool categorical = split.order.type == FeatureType::kCategorical;
  const auto attribute = static_cast<std::uint16_t>(split.attribute | (categorical ? SmallNode::kCategoricalBit : 0U));
  parts.nodes.push_back({split.threshold, split.order.word, attribute, 0});
}

void GrowSmallFrom(const std::optional<Split>& split, const Context& context, const Records& records,
                   Workspace& workspace, const BlockRange& range, std::uint64_t key, std::uint32_t depth) {
  SmallTreeParts& parts = workspace.parts;
  if (!split) {
    parts.nodes.push_back({static_cast<std::int32_t>(range.size), parts.leaves++, 0, 0});
    for (std::size_t y = 0; y < context.classes; ++y) {
      parts.counts.push_back(static_cast<std::uint8_t>(range.class_counts[y]));
    }
    const Slot* slots = workspace.blocks.slots(range);
    parts.slots.insert(parts.slots.end(), slots, slots + range.size);
    return;
  }
  const std::size_t at = parts.nodes.size();
  AppendInner(*split, parts);
  const Sides sides = SplitRange(workspace, range, *split, depth);
  GrowSmall(context, records, workspace, sides.left, ChildKey(key, false), depth + 1);
  parts.nodes[at].right = static_cast<std::uint16_t>(parts.nodes.size() - at);
  GrowSmall(context, records, workspace, sides.right, ChildKey(key, true), depth + 1);
}

void GrowSmall(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
               std::uint64_t key, std::uint32_t depth) {
  const auto split = ChooseSmallSplit(context, records, workspace, range, key, depth);
  GrowSmallFrom(split, context, records, workspace, range, key, depth);
}

}  // namespace hedgerow::forest
