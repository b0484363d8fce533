// The forest's parameters: with the seed, the schema and the live records they determine the model.
//
// Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>

#include "datasets/result.h"

namespace hedgerow::forest {

// Defaults were chosen by measurement: docs/parameters.md.
struct Parameters {
  std::uint64_t seed = 1;
  std::uint32_t trees = 100;       // T, 1 to 10,000
  std::uint32_t occupancy = 0;     // k, the trees that hold one record, 1 to T; 0 only before Resolve
  std::uint32_t max_depth = 20;    // 0 to 60; the root's depth is 0
  std::uint32_t min_split = 0;     // a node with fewer records is a leaf, 2 or more; 0 only before Resolve
  std::uint32_t min_leaf = 1;      // records that each side of a split must have, 1 or more
  std::uint32_t max_features = 0;  // K, candidate attributes a node; 0: all
  std::uint32_t thresholds = 2;    // anchors a node, so candidates an attribute, 1 to 64
  double smoothing = 1.0;          // records' worth of uniform prior in a leaf's frequencies, 0 to 1,000

  bool operator==(const Parameters&) const = default;
};

inline constexpr std::uint32_t kMaxDepth = 60;
inline constexpr std::uint32_t kMaxThresholds = 64;
inline constexpr std::uint32_t kMaxTrees = 10'000;

// Replaces what is 0 ("auto") by numbers, from the numbers of records and classes alone: parameters that were chosen by
// looking at the records would go on telling of them when they are forgotten. Done once, at training: later on the
// number of records changes and the parameters do not.
//   occupancy: as many trees a record as give each tree enough records to learn the classes from, but a tenth of the
//     trees at the least.
//   min_split: the more records a class has, the larger a leaf may be: it is then the better estimate.
Parameters Resolve(Parameters parameters, std::size_t records, std::size_t classes);

// kUsage with the name of the parameter and its range.
Status Validate(const Parameters& parameters);

}  // namespace hedgerow::forest
