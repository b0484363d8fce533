#include "unlearn/update.h"

#include <algorithm>

#include "unlearn/prefetch.h"
#include "unlearn/tree_update.h"

namespace hedgerow::unlearn {

using forest::Slot;

Effect& Effect::operator+=(const Effect& other) {
  trees += other.trees;
  nodes += other.nodes;
  scorings += other.scorings;
  flips += other.flips;
  flipped_records += other.flipped_records;
  redraws += other.redraws;
  collapses += other.collapses;
  regrowths += other.regrowths;
  queued += other.queued;
  hedge_hits += other.hedge_hits;
  put_off |= other.put_off;
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

void Updater::Mark(const forest::Records& records, std::span<const Slot> removed) {
  if (removed_marks_.size() < records.slot_end()) removed_marks_.resize(records.slot_end(), 0);
  for (const Slot slot : removed) removed_marks_[slot] = 1;
}

void Updater::Unmark(std::span<const Slot> removed) {
  for (const Slot slot : removed) removed_marks_[slot] = 0;
}

bool Updater::UpdateMarked(forest::Forest& forest, const forest::Records& records, std::uint32_t number,
                           std::span<Slot> slots, std::size_t removals, Effect& effect, Deferral* deferral,
                           bool distrust) {
  forest::Tree& tree = forest.trees()[number];
  const bool was_large = tree.root.node() != nullptr;
  TreeUpdate update(forest.context(), records, workspace_, removed_marks_, effect, deferral, score_always_);
  if (distrust) update.Distrust();
  if (deferral != nullptr) deferral->tree = number;
  update.Update(tree.root, {tree.key, 0, 0}, {slots.first(removals), slots.subspan(removals)});
  if (!was_large || tree.root.node() == nullptr) tree.root_replaced = true;
  tree.layout_touched = true;
  ++effect.trees;
  return !update.damaged();
}

Effect Updater::Update(forest::Forest& forest, const forest::Records& records, std::span<const Slot> removed,
                       std::span<const Slot> added, Deferral* deferral) {
  const std::vector<TreeChanges> changes = AssignToTrees(forest, records, removed, added);
  Mark(records, removed);
  if (removed.size() + added.size() == 1) {
    std::vector<std::uint32_t> trees;
    for (const TreeChanges& change : changes) trees.push_back(change.tree);
    PrefetchPaths(forest, records, trees, changes[0].slot);
  }
  Effect effect;
  std::vector<Slot> slots;
  for (auto begin = changes.begin(); begin != changes.end();) {
    slots.clear();
    auto end = begin;
    std::size_t removals = 0;
    for (; end != changes.end() && end->tree == begin->tree; ++end) {
      slots.push_back(end->slot);
      removals += end->added ? 0 : 1;
    }
    UpdateMarked(forest, records, begin->tree, slots, removals, effect, deferral, false);
    begin = end;
  }
  Unmark(removed);
  return effect;
}

bool Updater::UpdateReadTree(forest::Forest& forest, const forest::Records& records, std::uint32_t tree,
                             std::span<const Slot> removed, std::span<const Slot> added) {
  std::vector<Slot> slots(removed.begin(), removed.end());
  slots.insert(slots.end(), added.begin(), added.end());
  Effect effect;
  Mark(records, removed);
  const bool good = UpdateMarked(forest, records, tree, slots, removed.size(), effect, nullptr, true);
  Unmark(removed);
  return good;
}

Effect Updater::UpdateSubtree(const forest::Records& records, forest::Subtree& subtree, const forest::Place& place,
                              std::span<const Slot> removed, std::span<const Slot> added, Deferral* deferral) {
  std::vector<Slot> takes(removed.begin(), removed.end()), brings(added.begin(), added.end());
  Effect effect;
  Mark(records, removed);
  TreeUpdate(context_, records, workspace_, removed_marks_, effect, deferral, score_always_)
      .Update(subtree, place, {takes, brings});
  Unmark(removed);
  return effect;
}

void Updater::CatchUp(const forest::Records& records, forest::Hedge& hedge, std::size_t changes, Deferral* deferral) {
  Effect effect;
  if (removed_marks_.size() < records.slot_end()) removed_marks_.resize(records.slot_end(), 0);
  TreeUpdate(context_, records, workspace_, removed_marks_, effect, deferral, score_always_).CatchUp(hedge, changes);
}

}  // namespace hedgerow::unlearn
