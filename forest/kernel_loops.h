// Loops that the compiler turns into vector code by itself: written once, compiled for each instruction set.
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "forest/kernels.h"

namespace hedgerow::forest {

// Adds a threshold, unless it is there already.
[[gnu::always_inline]] inline bool AddThreshold(std::int32_t threshold, NestedSplits& splits) {
  for (std::uint32_t k = 0; k < splits.count; ++k) {
    if (splits.thresholds[k] == threshold) return false;
  }
  splits.thresholds[splits.count++] = threshold;
  return true;
}

// Bits 0 .. n - 1.
[[gnu::always_inline]] inline Mask MaskBelow(std::size_t n) {
  const std::uint64_t partial = (1ULL << (n % 64)) - 1;
  if (n >= 128) return {{~0ULL, ~0ULL}};
  return n < 64 ? Mask{{partial, 0}} : Mask{{~0ULL, partial}};
}

[[gnu::always_inline]] inline bool TallyLoop(const std::int32_t* ranks, const std::int32_t* anchor_ranks,
                                             std::size_t stride, std::uint32_t step, TallyRows rows) {
  const std::uint32_t edge = step == 1 ? 0 : 1;  // the count that is about to become or to cease to be 0
  std::uint32_t* __restrict below = rows.below;
  std::uint32_t* __restrict equal = rows.equal;
  std::uint32_t* __restrict above = rows.above;
  std::uint32_t changed = 0;
  for (std::size_t c = 0; c < stride; ++c) {
    const std::uint32_t is_below = ranks[c] < anchor_ranks[c] ? ~0U : 0U;
    const std::uint32_t is_above = ranks[c] > anchor_ranks[c] ? ~0U : 0U;
    below[c] += is_below & step;
    equal[c] += ~(is_below | is_above) & step;
    changed |= is_above & (above[c] == edge ? ~0U : 0U);
    above[c] += is_above & step;
  }
  return changed != 0;
}

[[gnu::always_inline]] inline void ScoreLoop(const std::uint32_t* counts, std::size_t stride,
                                             const std::uint32_t* class_counts, std::size_t classes,
                                             std::uint32_t records, ScoreTable table) {
  double* __restrict lefts = table.lefts;
  double* __restrict left_squares = table.left_squares;
  double* __restrict right_squares = table.right_squares;
  double* __restrict scores = table.scores;
  const std::uint32_t* above = counts + 2 * classes * stride;
  for (std::size_t c = 0; c < stride; ++c) lefts[c] = left_squares[c] = right_squares[c] = 0;
  for (std::size_t y = 0; y < classes; ++y) {
    const std::uint32_t* below = counts + y * stride;
    const std::uint32_t* equal = counts + (classes + y) * stride;
    const double all = class_counts[y];
    for (std::size_t c = 0; c < stride; ++c) {
      const std::uint32_t count = below[c] + (above[c] != 0 ? equal[c] : 0U);
      const double left = static_cast<std::int32_t>(count);
      const double right = all - left;
      lefts[c] += left;
      left_squares[c] += left * left;
      right_squares[c] += right * right;
    }
  }
  const double n = records;
  for (std::size_t c = 0; c < stride; ++c) scores[c] = left_squares[c] / lefts[c] + right_squares[c] / (n - lefts[c]);
}

}  // namespace hedgerow::forest
