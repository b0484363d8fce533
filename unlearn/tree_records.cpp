// The records below a node while an update goes through it (tree_update.h).
#include <algorithm>

#include "datasets/result.h"
#include "unlearn/tree_update.h"

namespace hedgerow::unlearn {

using forest::Node;
using forest::Slot;
using forest::Subtree;

namespace {

constexpr const char* kLacksRecord = "a subtree does not hold a record that leaves it";

}  // namespace

bool TreeUpdate::Expect(bool holds, const char* broken) {
  HEDGEROW_CHECK(holds || distrusts_, broken);
  damaged_ |= !holds;
  return holds;
}

void TreeUpdate::UpdateLeaf(Node& node, const Changes& changes) {
  std::vector<Slot>& slots = node.MutableLeafSlots();
  if (changes.removed.size() == 1) {
    const auto at = std::find(slots.begin(), slots.end(), changes.removed[0]);
    if (!Expect(at != slots.end(), kLacksRecord)) return;
    *at = slots.back();
    slots.pop_back();
  } else if (!changes.removed.empty()) {
    const std::size_t gone = std::erase_if(slots, [&](Slot slot) { return removed_marks_[slot] != 0; });
    if (!Expect(gone == changes.removed.size(), kLacksRecord)) return;
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
  if (!changes.removed.empty()) {
    const std::size_t gone = std::erase_if(slots, [&](Slot slot) { return removed_marks_[slot] != 0; });
    if (!Expect(gone == changes.removed.size(), kLacksRecord)) return;
  }
  slots.insert(slots.end(), changes.added.begin(), changes.added.end());
}

bool TreeUpdate::LoadAfter(const Node& node, const Changes& changes) {
  CollectAfter(node, changes);
  loaded_ = workspace_.blocks.Load(records_, workspace_.slots, workspace_.top_counts());
  // Whoever counts the loaded records goes by the node's counts.
  const std::span<const std::uint32_t> found = workspace_.top_counts();
  return Expect(std::equal(found.begin(), found.end(), node.class_counts.begin()),
                "a node does not count the records below it");
}

bool TreeUpdate::Recount(const Node& node, const Changes& changes) {
  if (!LoadAfter(node, changes)) return false;
  forest::CountStatistics(context_, records_, workspace_, loaded_, node.key, node.class_counts, workspace_.table);
  return true;
}

bool TreeUpdate::CountsItsRecords(const Node& node, const Changes& changes) {
  if (!Recount(node, changes)) return false;
  const forest::CountTable& table = workspace_.table;
  const forest::Statistics& kept = node.statistics;
  const auto same = [](const auto& a, const auto& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); };
  bool equal = same(table.anchors, kept.anchors()) && table.lanes == kept.lanes() &&
               same(table.attributes, kept.attributes()) && same(table.constants, kept.constants());
  for (std::size_t row = 0; equal && row < table.above_row(); ++row) {
    for (std::size_t c = 0; equal && c < table.width(); ++c) {
      const std::size_t lane = c % table.stride();
      equal = lane >= table.lanes || table.Count(row, c) == kept.Count(row, c / table.stride() * kept.stride() + lane);
    }
  }
  return Expect(equal, "a node's statistics are not those of its records");
}

}  // namespace hedgerow::unlearn
