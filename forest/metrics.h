// How good predictions are: accuracy, AUC, log loss, confusion matrix.
//
// Knows nothing of forests: it works on labels and probabilities.
//
// Thread rule: pure function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "datasets/table.h"

namespace hedgerow::forest {

struct Metrics {
  std::uint64_t records = 0;
  double accuracy = 0;
  // The probability that a record of a class gets a larger probability of it than a record of another class, ties
  // counting half. Two classes: of class 1. More: the mean over the classes that occur, each against the rest.
  // Nothing where all records are of one class.
  std::optional<double> auc;
  double log_loss = 0;                   // mean, natural logarithm, probabilities clipped to [1e-15, 1]
  std::vector<std::uint64_t> confusion;  // row-major: true class times predicted class
};

// `probabilities` is row-major, labels.size() * classes; the predicted class is the first most probable one.
Metrics Evaluate(std::span<const datasets::ClassCode> labels, std::span<const double> probabilities,
                 std::size_t classes);

}  // namespace hedgerow::forest
