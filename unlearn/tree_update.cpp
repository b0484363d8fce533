#include "unlearn/tree_update.h"

#include <algorithm>
#include <utility>

#include "forest/anchors.h"
#include "forest/kernels.h"
#include "forest/small_grow.h"
#include "unlearn/certificate.h"
#include "unlearn/small_update.h"

namespace hedgerow::unlearn {

using forest::Cell;
using forest::kNoChampion;
using forest::Node;
using forest::Place;
using forest::Slot;
using forest::Statistics;
using forest::Subtree;

namespace {

// A batch that is more than this share of a node costs more to count than the node costs to grow.
constexpr std::size_t kRegrowShare = 4;

}  // namespace

void TreeUpdate::Update(Subtree& subtree, const Place& place, const Changes& changes) {
  ++effect_.nodes;
  if (subtree.quarantine() != nullptr) {
    Join(*subtree.quarantine(), changes);
    return;
  }
  if (subtree.small() != nullptr) {
    UpdateSmall(subtree, place, changes);
    return;
  }
  Node& node = *subtree.node();
  node.records += static_cast<std::uint32_t>(changes.added.size());
  node.records -= static_cast<std::uint32_t>(changes.removed.size());
  for (const Slot slot : changes.added) ++node.class_counts[records_.label(slot)];
  for (const Slot slot : changes.removed) --node.class_counts[records_.label(slot)];
  const bool terminal = forest::IsTerminal(context_, node.records, node.class_counts, node.depth);
  const bool was_terminal = node.statistics.empty();
  const bool shrinks = node.records <= forest::kSmallRecords || terminal != was_terminal;
  if (shrinks || (!terminal && changes.size() * kRegrowShare > node.records)) {
    ++(shrinks ? effect_.collapses : effect_.regrowths);
    Regrow(subtree, place, changes);
    return;
  }
  node.page_dirty = true;
  node.digest_known = false;
  if (node.hedge() != nullptr) FollowHedge(node, changes);
  if (UpdateNode(node, changes) == Outcome::kPutOff) PutOff(subtree, place, changes);
}

void TreeUpdate::UpdateSmall(Subtree& subtree, const Place& place, const Changes& changes) {
  if (TooLarge(subtree.small()->slots().size() + changes.added.size() - changes.removed.size())) {
    PutOff(subtree, place, changes);
    return;
  }
  CollectAfter(subtree, changes);
  const bool grows = workspace_.slots.size() > forest::kSmallRecords;
  // A successor copies what is below splits that stay, so these must have parted its records.
  if (grows || distrusts_) {
    effect_.collapses += grows ? 1 : 0;
    subtree = forest::GrowSubtree(context_, records_, workspace_, workspace_.slots, place);
    return;
  }
  std::vector<Slot> changed(changes.removed.begin(), changes.removed.end());
  changed.insert(changed.end(), changes.added.begin(), changes.added.end());
  subtree = SucceedSmallTree(context_, records_, workspace_, *subtree.small(), place, changed);
}

void TreeUpdate::Regrow(Subtree& subtree, const Place& place, const Changes& changes) {
  if (TooLarge(subtree.node()->records)) {
    PutOff(subtree, place, changes);
    return;
  }
  CollectAfter(subtree, changes);
  subtree = forest::GrowSubtree(context_, records_, workspace_, workspace_.slots, place);
}

TreeUpdate::Outcome TreeUpdate::UpdateNode(Node& node, const Changes& changes) {
  if (node.statistics.empty()) {
    UpdateLeaf(node, changes);
    return Outcome::kDone;
  }
  const Events events = UpdateStatistics(node, changes);
  if (events.damaged) return Outcome::kDone;
  if (events.put_off) return Outcome::kPutOff;
  const bool covered = !score_always_ && !events.rescore && !node.leaf() && node.statistics.slack >= changes.size() &&
                       !(node.statistics.twins && !changes.added.empty());
  if (covered) {
    node.statistics.slack -= static_cast<std::uint32_t>(changes.size());
    const std::uint32_t lefts = forest::CountLeft(node, node.champion);
    if (std::min(lefts, node.records - lefts) >= context_.parameters.min_leaf) {
      Descend(node, changes);
      return Outcome::kDone;
    }
  }
  return Rescore(node, changes, events.recounted);
}

TreeUpdate::Events TreeUpdate::UpdateStatistics(Node& node, const Changes& changes) {
  Events events;
  if (!MustRecount(node, changes)) {
    if (!node.statistics.Fits(node.class_counts)) node.statistics.Widen(node.class_counts);
    const forest::NodeRanks ranks = forest::RanksOf(context_, records_, node, workspace_);
    auto counted = static_cast<std::uint32_t>(node.records + changes.removed.size() - changes.added.size());
    for (const Slot slot : changes.removed) events.rescore |= Count(node, ranks, counted--, slot, false);
    for (const Slot slot : changes.added) events.rescore |= Count(node, ranks, counted++, slot, true);
    if (!MustReplaceConstant(node)) return events;
  }
  if (TooLargeToCount(node)) return {.put_off = true};
  ++effect_.redraws;
  if (!Recount(node, changes)) return {.damaged = true};
  node.statistics = Statistics(workspace_.table, node.class_counts);
  return {.recounted = true, .rescore = true};
}

// An anchor went, a new record takes an anchor's place, or an attribute stops being constant.
bool TreeUpdate::MustRecount(const Node& node, const Changes& changes) const {
  const Statistics& statistics = node.statistics;
  // A single one is compared, which spares reading a mark an anchor.
  const bool one = changes.removed.size() == 1;
  const auto removed = [&](Slot slot) { return one ? slot == changes.removed[0] : removed_marks_[slot] != 0; };
  const std::span<const Slot> anchors = statistics.anchors();
  if (!changes.removed.empty() && std::any_of(anchors.begin(), anchors.end(), removed)) return true;
  if (changes.added.empty()) return false;
  const Cell* anchor_row = records_.row(anchors[0]);
  for (const Slot slot : changes.added) {
    for (std::size_t j = 0; j < anchors.size(); ++j) {
      if (forest::DrawnBefore(records_, node.key, j, slot, anchors[j])) return true;
    }
    const Cell* row = records_.row(slot);
    for (const std::uint16_t a : statistics.constants()) {
      if (row[a] != anchor_row[a]) return true;
    }
  }
  return false;
}

// Counts a record in or out of a table that has counted `records`. True if some candidate's predicate changed, between
// "at most" and "below", or some constant attribute is one no more.
bool TreeUpdate::Count(Node& node, const forest::NodeRanks& ranks_of, std::uint32_t records, Slot slot,
                       bool added) const {
  Statistics& statistics = node.statistics;
  const std::size_t stride = statistics.stride();
  std::vector<std::int32_t>& ranks = workspace_.ranks;
  ranks.resize(stride);
  forest::BestKernels().rank(forest::LaneCells(context_, records_, statistics, slot, workspace_.cells), ranks_of.orders,
                             ranks.data());
  bool wakes = false;
  for (std::size_t lane = 0; added && lane < statistics.lanes(); ++lane) {
    wakes |= ranks[lane] != ranks_of.anchors[lane] && forest::IsConstant(statistics, lane, records);
  }
  const std::size_t label = records_.label(slot);
  const bool keeps_above = statistics.keeps_above();
  const bool changed = forest::BestKernels().tally(
      {.ranks = ranks.data(),
       .stride = stride,
       .anchor_ranks = ranks_of.anchors,
       .anchors = statistics.anchors().size(),
       .step = added ? 1U : ~0U,
       .count_bytes = statistics.count_bytes(),
       .below = statistics.row(label),
       .equal = statistics.row(statistics.equal_row(label)),
       .above = keeps_above ? statistics.row(statistics.above_row()) : nullptr,
       .other_below = keeps_above ? nullptr : statistics.row(1 - label),
       .other_equal = keeps_above ? nullptr : statistics.row(statistics.equal_row(1 - label)),
       .records = records});
  return changed || wakes;
}

// Whether another attribute must take the place of one that has become constant.
bool TreeUpdate::MustReplaceConstant(const Node& node) const {
  if (context_.all_features()) return false;
  for (std::size_t lane = 0; lane < node.statistics.lanes(); ++lane) {
    if (forest::IsConstant(node.statistics, lane, node.records)) return true;
  }
  return false;
}

TreeUpdate::Outcome TreeUpdate::Rescore(Node& node, const Changes& changes, bool loaded) {
  ++effect_.scorings;
  const forest::Choice choice = forest::ChooseChampion(context_, node);
  node.statistics.slack = static_cast<std::uint32_t>(
      SurvivedChanges(choice.score, std::max(choice.challenger_score, 0.0), node.records, node.statistics.classes()));
  node.statistics.twins = choice.twins;
  if (choice.champion == kNoChampion) {
    if (!node.leaf() && TooLarge(node.records)) return Outcome::kPutOff;
    BecomeLeaf(node, changes);
    return Outcome::kDone;
  }
  const bool was_leaf = node.leaf();
  const forest::Split before = node.split;
  node.champion = choice.champion;
  node.split = forest::EffectiveSplit(context_, records_, node, choice.champion);
  if (deferral_ != nullptr) WishForHedge(node);
  if (!was_leaf && before == node.split && !loaded) {
    Descend(node, changes);
    return Outcome::kDone;
  }
  // How another split parts the records, nothing but the statistics tells.
  if (distrusts_ && !loaded) {
    if (!CountsItsRecords(node, changes)) return Outcome::kDone;
    loaded = true;
  }
  if (!was_leaf && before.attribute == node.split.attribute) {
    // The candidates of an attribute are nested, so equally many records on the left are the same records. The
    // removed ones stand where the old split sent them.
    const auto left = [&](Slot slot) { return before.Left(records_.row(slot)[before.attribute]); };
    const auto added = std::count_if(changes.added.begin(), changes.added.end(), left);
    const auto removed = std::count_if(changes.removed.begin(), changes.removed.end(), left);
    if (static_cast<std::int64_t>(forest::CountRecords(node.left)) + added - removed == choice.lefts) {
      const forest::Split after = node.split;
      node.split = before;
      Descend(node, changes);
      node.split = after;
      return Outcome::kDone;
    }
  }
  if (!was_leaf && node.hedge() != nullptr && TakeHedge(node, before, choice.lefts, changes)) return Outcome::kDone;
  if (TooLarge(node.records)) return Outcome::kPutOff;
  GrowAnew(node, changes, loaded);
  return Outcome::kDone;
}

void TreeUpdate::BecomeLeaf(Node& node, const Changes& changes) {
  if (node.leaf()) {
    UpdateLeaf(node, changes);
    return;
  }
  CollectAfter(node, changes);
  node.MutableLeafSlots() = workspace_.slots;
  ++effect_.collapses;
  node.champion = kNoChampion;
  node.split = {};
  node.set_hedge(nullptr);
  node.left = {};
  node.right = {};
}

void TreeUpdate::GrowAnew(Node& node, const Changes& changes, bool loaded) {
  ++effect_.flips;
  effect_.flipped_records += node.records;
  if (!loaded && !LoadAfter(node, changes)) return;
  if (!node.leaf_slots().empty()) node.MutableLeafSlots() = {};
  forest::GrowChildren(context_, records_, workspace_, loaded_, node);
  node.TouchBoth();
}

void TreeUpdate::Descend(Node& node, const Changes& changes) {
  const auto left = [&](Slot slot) { return node.split.Left(records_.row(slot)[node.split.attribute]); };
  const auto removed = std::partition(changes.removed.begin(), changes.removed.end(), left);
  const auto added = std::partition(changes.added.begin(), changes.added.end(), left);
  const Changes lefts{{changes.removed.begin(), removed}, {changes.added.begin(), added}};
  const Changes rights{{removed, changes.removed.end()}, {added, changes.added.end()}};
  if (lefts.size() != 0) node.Touch(/*on_right=*/false);
  if (rights.size() != 0) node.Touch(/*on_right=*/true);
  if (lefts.size() != 0) Update(node.left, node.place().Child(false), lefts);
  if (rights.size() != 0) Update(node.right, node.place().Child(true), rights);
}

}  // namespace hedgerow::unlearn
