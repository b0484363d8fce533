#include "unlearn/update.h"

#include <algorithm>

#include "unlearn/tree_update.h"

namespace hedgerow::unlearn {

using forest::Slot;

Effect& Effect::operator+=(const Effect& other) {
  trees += other.trees;
  nodes += other.nodes;
  flips += other.flips;
  flipped_records += other.flipped_records;
  redraws += other.redraws;
  collapses += other.collapses;
  regrowths += other.regrowths;
  return *this;
}

namespace {

// Per tree the records that change in it.
struct TreeChanges {
  std::uint32_t tree = 0;
  Slot slot = 0;
  bool added = false;

  bool operator<(const TreeChanges& other) const {
    return tree != other.tree ? tree < other.tree : added < other.added;
  }
};

std::vector<TreeChanges> AssignToTrees(const forest::Forest& forest, const forest::Records& records,
                                       std::span<const Slot> removed, std::span<const Slot> added) {
  std::vector<TreeChanges> changes;
  for (const Slot slot : removed) {
    for (const std::uint32_t tree : forest.TreesOf(records.id(slot))) changes.push_back({tree, slot, false});
  }
  for (const Slot slot : added) {
    for (const std::uint32_t tree : forest.TreesOf(records.id(slot))) changes.push_back({tree, slot, true});
  }
  std::stable_sort(changes.begin(), changes.end());
  return changes;
}

}  // namespace

Effect Updater::Update(forest::Forest& forest, const forest::Records& records, std::span<const Slot> removed,
                       std::span<const Slot> added) {
  const std::vector<TreeChanges> changes = AssignToTrees(forest, records, removed, added);
  if (removed_marks_.size() < records.slot_end()) removed_marks_.resize(records.slot_end(), 0);
  for (const Slot slot : removed) removed_marks_[slot] = 1;

  Effect effect;
  TreeUpdate update(forest.context(), records, workspace_, removed_marks_, effect);
  std::vector<Slot> slots;
  for (auto begin = changes.begin(); begin != changes.end();) {
    slots.clear();
    auto end = begin;
    std::size_t removals = 0;
    for (; end != changes.end() && end->tree == begin->tree; ++end) {
      slots.push_back(end->slot);
      removals += end->added ? 0 : 1;
    }
    forest::Tree& tree = forest.trees()[begin->tree];
    const bool was_large = tree.root.node != nullptr;
    const std::span<Slot> all(slots);
    update.Update(tree.root, {tree.key, 0, 0}, {all.first(removals), all.subspan(removals)});
    if (!was_large || tree.root.node == nullptr) tree.root_replaced = true;
    ++effect.trees;
    begin = end;
  }
  for (const Slot slot : removed) removed_marks_[slot] = 0;
  return effect;
}

}  // namespace hedgerow::unlearn
