#include "unlearn/robustness.h"

#include <algorithm>
#include <bit>

#include "unlearn/certificate.h"

namespace hedgerow::unlearn {
namespace {

using forest::Context;
using forest::Node;
using forest::Statistics;

// Challenges one champion with other candidates; the least robust outcome stays.
class Contest {
 public:
  Contest(const Node& node, const forest::Choice& choice, std::uint64_t limit) : node_(node), choice_(choice) {
    result_.removals = limit;
    CountDivision(node, choice.champion, champion_);
  }

  void Challenge(std::uint32_t candidate) {
    const Statistics& statistics = node_.statistics;
    const double score = choice_.scores[candidate];
    if (score < 0 || candidate == result_.challenger) return;
    if (SurvivedChanges(choice_.score, score, node_.records, statistics.classes()) >= result_.removals) return;
    CountDivision(node_, candidate, challenger_);
    const bool nested = candidate % statistics.stride() == choice_.champion % statistics.stride();
    const std::uint64_t removals = CertifiedRemovals(champion_, challenger_, nested, result_.removals);
    if (removals < result_.removals) result_ = {removals, candidate};
  }

  const Robustness& result() const { return result_; }

 private:
  const Node& node_;
  const forest::Choice& choice_;
  Robustness result_;
  std::vector<double> champion_, challenger_;
};

}  // namespace

void CountDivision(const Node& node, std::uint32_t candidate, std::vector<double>& division) {
  const std::size_t classes = node.statistics.classes();
  division.resize(2 * classes);
  for (std::size_t y = 0; y < classes; ++y) {
    const std::uint32_t lefts = forest::CountLeft(node, candidate, y);
    division[y] = lefts;
    division[classes + y] = node.class_counts[y] - lefts;
  }
}

Robustness RobustnessOf(const Context& context, const Node& node, const forest::Choice& choice) {
  const std::uint32_t smaller = std::min(choice.lefts, node.records - choice.lefts);
  Contest contest(node, choice, smaller - context.parameters.min_leaf);
  const std::span<const double> scores = choice.scores;
  // The best of them first: most others need no closer look then.
  contest.Challenge(static_cast<std::uint32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin()));
  for (std::uint32_t candidate = 0; candidate < scores.size(); ++candidate) contest.Challenge(candidate);
  return contest.result();
}

void CountRobustness(const Context& context, const Node& node, std::vector<std::uint64_t>& histogram) {
  const Robustness robustness = RobustnessOf(context, node, forest::ChooseChampion(context, node));
  const auto entry = static_cast<std::size_t>(std::bit_width(robustness.removals + 1) - 1);
  histogram.resize(std::max(histogram.size(), entry + 1));
  ++histogram[entry];
}

std::vector<std::uint64_t> RobustnessHistogram(const forest::Forest& forest, forest::Executor& executor) {
  using Histogram = std::vector<std::uint64_t>;
  std::vector<Histogram> of_tree(forest.trees().size());
  executor.ParallelFor(of_tree.size(), [&](std::size_t t) {
    forest::ForEachNode(forest.trees()[t].root, [&](const Node& node) {
      if (!node.leaf()) CountRobustness(forest.context(), node, of_tree[t]);
    });
  });
  Histogram histogram;
  for (const Histogram& one : of_tree) {
    histogram.resize(std::max(histogram.size(), one.size()));
    for (std::size_t b = 0; b < one.size(); ++b) histogram[b] += one[b];
  }
  return histogram;
}

}  // namespace hedgerow::unlearn
