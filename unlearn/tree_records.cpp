// The records below a node while an update goes through it (tree_update.h).
#include <algorithm>

#include "datasets/result.h"
#include "unlearn/tree_update.h"

namespace hedgerow::unlearn {

using forest::Node;
using forest::Slot;
using forest::Subtree;

void TreeUpdate::UpdateLeaf(Node& node, const Changes& changes) {
  std::vector<Slot>& slots = node.MutableLeafSlots();
  if (changes.removed.size() == 1) {
    const auto at = std::find(slots.begin(), slots.end(), changes.removed[0]);
    HEDGEROW_CHECK(at != slots.end(), "a leaf does not hold a record that leaves it");
    *at = slots.back();
    slots.pop_back();
  } else if (!changes.removed.empty()) {
    std::erase_if(slots, [&](Slot slot) { return removed_marks_[slot] != 0; });
  }
  slots.insert(slots.end(), changes.added.begin(), changes.added.end());
}

void TreeUpdate::CollectAfter(const Subtree& subtree, const Changes& changes) {
  workspace_.slots.clear();
  forest::CollectSlots(subtree, workspace_.slots);
  DropRemoved(changes);
}

void TreeUpdate::CollectAfter(const Node& node, const Changes& changes) {
  workspace_.slots = node.leaf_slots();
  forest::CollectSlots(node.left, workspace_.slots);
  forest::CollectSlots(node.right, workspace_.slots);
  DropRemoved(changes);
}

void TreeUpdate::DropRemoved(const Changes& changes) {
  std::vector<Slot>& slots = workspace_.slots;
  if (!changes.removed.empty()) std::erase_if(slots, [&](Slot slot) { return removed_marks_[slot] != 0; });
  slots.insert(slots.end(), changes.added.begin(), changes.added.end());
}

void TreeUpdate::LoadAfter(const Node& node, const Changes& changes) {
  CollectAfter(node, changes);
  loaded_ = workspace_.blocks.Load(records_, workspace_.slots, workspace_.top_counts());
}

}  // namespace hedgerow::unlearn
