// What an update does with the hedges on its way (tree_update.h).
#include <algorithm>
#include <utility>

#include "forest/hedge.h"
#include "unlearn/changes.h"
#include "unlearn/tree_update.h"

namespace hedgerow::unlearn {

using forest::Hedge;
using forest::Node;
using forest::Quarantine;
using forest::Slot;

namespace {

// A hedge that has to be told of more than this is not ready when it is needed.
constexpr std::size_t kReadyLag = 8;
// One that is behind by more than this share of its node's records is given up: growing it anew costs less.
constexpr std::size_t kLagShare = 4;

// How many of the changed records a split sends to the left, those that go counted against those that come.
std::int64_t NetLefts(const forest::Records& records, const Hedge& hedge) {
  std::int64_t lefts = 0;
  for (const Quarantine::Change& change : hedge.lag) {
    if (!hedge.split.Left(records.row(change.slot)[hedge.split.attribute])) continue;
    lefts += change.added ? 1 : -1;
  }
  return lefts;
}

}  // namespace

void TreeUpdate::Lag(const std::shared_ptr<Hedge>& hedge, const Changes& changes) {
  if (hedge->lag.empty() && deferral_ != nullptr) {
    if (!hedge->growing) hedge->since = deferral_->number;
    deferral_->lagging.push_back(hedge);
  }
  for (const Slot slot : changes.removed) hedge->lag.push_back({slot, false});
  for (const Slot slot : changes.added) hedge->lag.push_back({slot, true});
}

void TreeUpdate::FollowHedge(Node& node, const Changes& changes) {
  Hedge& hedge = *node.hedge();
  if ((hedge.lag.size() + changes.size()) * kLagShare > node.records ||
      (deferral_ == nullptr && (hedge.growing || !hedge.lag.empty()))) {
    if (deferral_ != nullptr) deferral_->dropped.push_back(node.hedge());
    node.set_hedge(nullptr);
    return;
  }
  Lag(node.hedge(), changes);
  if (deferral_ != nullptr) return;
  const bool damaged = std::exchange(damaged_, false);
  CatchUp(hedge, hedge.lag.size());
  // The model does without a hedge that is damaged.
  if (std::exchange(damaged_, damaged)) node.set_hedge(nullptr);
}

void TreeUpdate::CatchUp(Hedge& hedge, std::size_t count) {
  NetSlots slots = PartChanges({hedge.lag.data(), count});
  const auto left = [&](Slot slot) { return hedge.split.Left(records_.row(slot)[hedge.split.attribute]); };
  const auto removed = std::partition(slots.removed.begin(), slots.removed.end(), left);
  const auto added = std::partition(slots.added.begin(), slots.added.end(), left);
  const Changes lefts{{slots.removed.begin(), removed}, {slots.added.begin(), added}};
  const Changes rights{{removed, slots.removed.end()}, {added, slots.added.end()}};
  // The present update may have marked some of them already.
  std::vector<char> marks;
  for (const Slot slot : slots.removed) marks.push_back(std::exchange(removed_marks_[slot], 1));
  // The recursion reorders the slots.
  const std::vector<Slot> marked = slots.removed;
  // What is put off on the way needs the rows of all that the hedge was behind with.
  const std::uint64_t number = deferral_ != nullptr ? deferral_->number : 0;
  if (deferral_ != nullptr) deferral_->number = std::min(number, hedge.since);
  if (lefts.size() != 0) Update(hedge.left, hedge.place.Child(false), lefts);
  if (rights.size() != 0) Update(hedge.right, hedge.place.Child(true), rights);
  if (deferral_ != nullptr) deferral_->number = number;
  for (std::size_t i = 0; i < marked.size(); ++i) removed_marks_[marked[i]] = marks[i];
  hedge.lag.erase(hedge.lag.begin(), hedge.lag.begin() + static_cast<std::ptrdiff_t>(count));
  if (hedge.lag.empty()) hedge.needs_rows = nullptr;
}

// The node's split has become another one than `before`: if the hedge is that split's, it takes the children's place,
// and they become the hedge.
bool TreeUpdate::TakeHedge(Node& node, const forest::Split& before, std::uint32_t lefts, const Changes& changes) {
  const std::shared_ptr<Hedge> taken = node.hedge();
  if (taken->growing || taken->split.attribute != node.split.attribute) return false;
  // The candidates of an attribute are nested: equally many on the left are the same ones.
  const std::int64_t hedged = static_cast<std::int64_t>(forest::CountRecords(taken->left)) + NetLefts(records_, *taken);
  if (hedged != lefts || taken->lag.size() > std::max(kReadyLag, 2 * changes.size())) return false;
  ++effect_.hedge_hits;
  CatchUp(*taken, taken->lag.size());
  auto former = std::make_shared<Hedge>();
  former->tree = taken->tree;
  former->place = taken->place;
  former->split = before;
  former->left = std::exchange(node.left, std::move(taken->left));
  former->right = std::exchange(node.right, std::move(taken->right));
  former->bytes = taken->bytes;
  former->slack = taken->slack;
  node.set_hedge(former);
  node.relinked = true;
  node.TouchBoth();
  Lag(former, changes);
  if (deferral_ == nullptr) CatchUp(*former, former->lag.size());
  return true;
}

void TreeUpdate::WishForHedge(const Node& node) {
  if (node.records < deferral_->hedge_min_records || node.records > deferral_->hedge_max_records ||
      node.statistics.slack >= deferral_->hedge_horizon)
    return;
  deferral_->wishes.push_back({deferral_->tree, node.place(), node.statistics.slack});
}

}  // namespace hedgerow::unlearn
