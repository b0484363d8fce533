#include "forest/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "forest/forest.h"

namespace hedgerow::forest {
namespace {

constexpr double kSmallestProbability = 1e-15;

// Class `y` against the rest, by ranks (Mann and Whitney); nothing if one side is empty.
std::optional<double> OneAgainstRest(std::span<const ClassCode> labels, std::span<const double> probabilities,
                                     std::size_t classes, std::size_t y) {
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto score = [&](std::size_t i) { return probabilities[i * classes + y]; };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score(a) < score(b); });
  // Twice the number of pairs that are in the right order, ties counting once: whole numbers, so it is exact.
  std::uint64_t pairs = 0, positives = 0, negatives = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    std::uint64_t tied_positives = 0;
    for (; end < order.size() && score(order[end]) == score(order[begin]); ++end) {
      if (labels[order[end]] == y) ++tied_positives;
    }
    const std::uint64_t tied_negatives = end - begin - tied_positives;
    pairs += tied_positives * (2 * negatives + tied_negatives);
    positives += tied_positives;
    negatives += tied_negatives;
    begin = end;
  }
  if (positives == 0 || negatives == 0) return std::nullopt;
  return static_cast<double>(pairs) / 2 / (static_cast<double>(positives) * static_cast<double>(negatives));
}

std::optional<double> AreaUnderCurve(std::span<const ClassCode> labels, std::span<const double> probabilities,
                                     std::size_t classes) {
  if (classes == 2) return OneAgainstRest(labels, probabilities, classes, 1);
  double sum = 0;
  std::size_t occurring = 0;
  for (std::size_t y = 0; y < classes; ++y) {
    if (const auto auc = OneAgainstRest(labels, probabilities, classes, y)) {
      sum += *auc;
      ++occurring;
    }
  }
  if (occurring == 0) return std::nullopt;
  return sum / static_cast<double>(occurring);
}

}  // namespace

Metrics Evaluate(std::span<const ClassCode> labels, std::span<const double> probabilities, std::size_t classes) {
  HEDGEROW_CHECK(probabilities.size() == labels.size() * classes, "one probability a record and a class");
  Metrics metrics;
  metrics.records = labels.size();
  metrics.confusion.assign(classes * classes, 0);
  if (labels.empty()) return metrics;
  std::uint64_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = probabilities.subspan(i * classes, classes);
    const ClassCode predicted = MostProbable(row);
    ++metrics.confusion[labels[i] * classes + predicted];
    if (predicted == labels[i]) ++right;
    metrics.log_loss -= std::log(std::clamp(row[labels[i]], kSmallestProbability, 1.0));
  }
  const auto records = static_cast<double>(labels.size());
  metrics.accuracy = static_cast<double>(right) / records;
  metrics.log_loss /= records;
  metrics.auc = AreaUnderCurve(labels, probabilities, classes);
  return metrics;
}

}  // namespace hedgerow::forest
