#include "unlearn/small_update.h"

#include <algorithm>

#include "forest/small_grow.h"

namespace hedgerow::unlearn {
namespace {

using forest::BlockRange;
using forest::Place;
using forest::Slot;
using forest::SmallNode;
using forest::SmallTree;
using forest::SmallTreeParts;

// A node of the old tree, and where the records below it begin.
struct OldNode {
  std::size_t at = 0;
  std::size_t first_slot = 0;
};

class Successor {
 public:
  Successor(const forest::Context& context, const forest::Records& records, forest::Workspace& workspace,
            const SmallTree& old)
      : context_(context), records_(records), workspace_(workspace), old_(old) {}

  // Appends the successor of `old_node`. `range` holds its records after the update.
  void Append(const OldNode& old_node, const BlockRange& range, const Place& place, std::span<Slot> changed) {
    const SmallNode& before = old_.nodes()[old_node.at];
    const auto split = forest::ChooseSmallSplit(context_, records_, workspace_, range, place.key, place.depth);
    if (!split || before.leaf() || !(*split == before.split())) {
      forest::GrowSmallFrom(split, context_, records_, workspace_, range, place.key, place.depth);
      return;
    }
    const auto middle = std::partition(changed.begin(), changed.end(),
                                       [&](Slot slot) { return split->Left(records_.row(slot)[split->attribute]); });
    const std::span<Slot> left(changed.begin(), middle);
    const std::span<Slot> right(middle, changed.end());
    const OldNode old_left{old_node.at + 1, old_node.first_slot};
    const OldNode old_right{old_node.at + before.right,
                            old_node.first_slot + RecordsIn(old_left.at, old_node.at + before.right)};

    SmallTreeParts& parts = workspace_.parts;
    const std::size_t at = parts.nodes.size();
    forest::AppendInner(*split, parts);
    const forest::Sides sides = forest::SplitRange(workspace_, range, *split, place.depth);
    AppendOrCopy(old_left, sides.left, place.Child(false), left);
    parts.nodes[at].right = static_cast<std::uint16_t>(parts.nodes.size() - at);
    AppendOrCopy(old_right, sides.right, place.Child(true), right);
  }

 private:
  void AppendOrCopy(const OldNode& old_node, const BlockRange& range, const Place& place, std::span<Slot> changed) {
    if (changed.empty()) {
      Copy(old_node);
    } else {
      Append(old_node, range, place, changed);
    }
  }

  // One past the last node of the subtree at `at`.
  std::size_t EndOf(std::size_t at) const {
    while (!old_.nodes()[at].leaf()) at += old_.nodes()[at].right;
    return at + 1;
  }

  std::size_t RecordsIn(std::size_t begin, std::size_t end) const {
    std::size_t records = 0;
    for (std::size_t at = begin; at < end; ++at) {
      if (old_.nodes()[at].leaf()) records += static_cast<std::size_t>(old_.nodes()[at].threshold);
    }
    return records;
  }

  // Takes over an untouched subtree as it is.
  void Copy(const OldNode& old_node) {
    SmallTreeParts& parts = workspace_.parts;
    const std::size_t end = EndOf(old_node.at);
    std::size_t records = 0;
    for (std::size_t at = old_node.at; at < end; ++at) {
      SmallNode node = old_.nodes()[at];
      if (node.leaf()) {
        const auto counts = old_.counts().subspan(node.word * context_.classes, context_.classes);
        parts.counts.insert(parts.counts.end(), counts.begin(), counts.end());
        records += static_cast<std::size_t>(node.threshold);
        node.word = parts.leaves++;
      }
      node.attribute |= SmallNode::kKeptBit;
      parts.nodes.push_back(node);
    }
    old_.slots().subspan(old_node.first_slot, records).AppendTo(parts.slots);
  }

  const forest::Context& context_;
  const forest::Records& records_;
  forest::Workspace& workspace_;
  const SmallTree& old_;
};

}  // namespace

SmallTree::Pointer SucceedSmallTree(const forest::Context& context, const forest::Records& records,
                                    forest::Workspace& workspace, const SmallTree& old, const Place& place,
                                    std::span<Slot> changed) {
  const BlockRange range = workspace.blocks.Load(records, workspace.slots, workspace.top_counts());
  workspace.parts.Clear();
  Successor(context, records, workspace, old).Append({0, 0}, range, place, changed);
  SmallTree::Pointer successor = SmallTree::Make(workspace.parts, context.classes);
  successor->set_layout_predecessor(old.layout_serial());
  return successor;
}

}  // namespace hedgerow::unlearn
