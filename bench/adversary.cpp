#include "bench/adversary.h"

#include <algorithm>

#include "forest/statistics.h"
#include "unlearn/certificate.h"
#include "unlearn/robustness.h"

namespace hedgerow::bench {

using forest::Node;
using forest::Slot;

namespace {

constexpr std::uint64_t kNone = ~std::uint64_t{0};

// By how much the score falls when a record of this place goes; a place is a side and a class.
double Loss(std::vector<double> counts, std::size_t place) {
  const double before = unlearn::ScoreOf(counts);
  counts[place] -= 1;
  return before - unlearn::ScoreOf(counts);
}

}  // namespace

Adversary::Target Adversary::LeastRobust() const {
  const forest::Forest& forest = model_.forest();
  std::vector<Target> of_tree(forest.trees().size(), {nullptr, kNone, 0});
  executor_.ParallelFor(of_tree.size(), [&](std::size_t t) {
    forest::ForEachNode(forest.trees()[t].root, [&](const Node& node) {
      if (node.leaf() || node.records < large_) return;
      const forest::Choice choice = forest::ChooseChampion(forest.context(), node);
      const unlearn::Robustness found = unlearn::RobustnessOf(forest.context(), node, choice);
      if (found.challenger == forest::kNoChampion || found.removals >= of_tree[t].removals) return;
      of_tree[t] = {&node, found.removals, found.challenger};
    });
  });
  return *std::min_element(of_tree.begin(), of_tree.end(),
                           [](const Target& a, const Target& b) { return a.removals < b.removals; });
}

// Finds the records of the least robust node whose going takes most from the champion's lead.
void Adversary::Look() {
  const auto lock = model_.Lock();
  const forest::Forest& forest = model_.forest();
  const forest::Records& records = model_.records();
  const Target target = LeastRobust();
  if (target.node == nullptr) {
    const std::vector<Slot> live = records.LiveSlots();
    for (std::size_t i = 0; i < std::min(ids_a_look_, live.size()); ++i) next_.push_back(records.id(live[i]));
    return;
  }
  const Node& node = *target.node;
  const forest::Split challenger = forest::EffectiveSplit(forest.context(), records, node, target.challenger);
  std::vector<double> ours, theirs;
  unlearn::CountDivision(node, node.champion, ours);
  unlearn::CountDivision(node, target.challenger, theirs);
  std::vector<Slot> slots;
  forest::CollectSlots(node.left, slots);
  forest::CollectSlots(node.right, slots);
  std::vector<std::pair<double, Slot>> harm;
  for (const Slot slot : slots) {
    const auto place = [&](const forest::Split& split) {
      return (split.Left(records.row(slot)[split.attribute]) ? 0 : node.statistics.classes()) + records.label(slot);
    };
    if (records.Ghost(slot)) continue;
    harm.emplace_back(Loss(ours, place(node.split)) - Loss(theirs, place(challenger)), slot);
  }
  const std::size_t count = std::min(ids_a_look_, harm.size());
  std::partial_sort(harm.begin(), harm.begin() + static_cast<std::ptrdiff_t>(count), harm.end(), std::greater<>());
  for (std::size_t i = 0; i < count; ++i) next_.push_back(records.id(harm[i].second));
}

datasets::RecordId Adversary::Next() {
  while (!next_.empty()) {
    const datasets::RecordId id = next_.back();
    next_.pop_back();
    if (model_.Unknown({&id, 1}).empty()) return id;
  }
  Look();
  HEDGEROW_CHECK(!next_.empty(), "nobody is left");
  return Next();
}

}  // namespace hedgerow::bench
