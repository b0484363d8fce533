#include "unlearn/robustness.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "forest/statistics.h"

namespace hedgerow::unlearn {

std::uint64_t CertifiedRemovals(double champion, double challenger, std::uint64_t records) {
  // A score is at most the number of records and carries three roundings, now and after the updates.
  const double rounding = static_cast<double>(records) * 0x1p-48;
  const double removals = std::floor((champion - challenger - rounding) / 2);
  return removals > 0 ? std::min(static_cast<std::uint64_t>(removals), records) : 0;
}

std::vector<std::uint64_t> RobustnessHistogram(const forest::Forest& forest) {
  std::vector<std::uint64_t> histogram;
  for (const forest::Tree& tree : forest.trees()) {
    forest::ForEachNode(tree.root, [&](const forest::Node& node) {
      if (node.leaf()) return;
      const forest::Choice choice = forest::ChooseChampion(forest.context(), node);
      const std::uint64_t removals = CertifiedRemovals(choice.score, choice.challenger_score, node.records);
      const auto bin = static_cast<std::size_t>(std::bit_width(removals + 1) - 1);
      if (histogram.size() <= bin) histogram.resize(bin + 1);
      ++histogram[bin];
    });
  }
  return histogram;
}

}  // namespace hedgerow::unlearn
