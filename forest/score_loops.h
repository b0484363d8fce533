// The kernels' loops over scores (kernel_loops.h).
//
// Thread rule: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "forest/kernels.h"
#include "forest/loop_vectors.h"

namespace hedgerow::forest::loops {

template <int D>
HEDGEROW_INLINE double LargestLane(const Vector<double, D>& lanes) {
  double largest = lanes[0];
  for (int l = 1; l < D; ++l) largest = std::max(largest, lanes[l]);
  return largest;
}

// Where the mask is 0, -1. By bits: the compiler takes choices between vectors of doubles apart.
template <int D>
HEDGEROW_INLINE void OrNone(const Vector<std::int32_t, D>& mask, Vector<double, D>& values) {
  using Bits = Vector<std::int64_t, D>;
  const Vector<double, D> none = Vector<double, D>{} - 1.0;
  Bits bits, none_bits;
  std::memcpy(&bits, &values, sizeof bits);
  std::memcpy(&none_bits, &none, sizeof none_bits);
  const Bits wide = __builtin_convertvector(mask, Bits);
  bits = (bits & wide) | (none_bits & ~wide);
  std::memcpy(&values, &bits, sizeof values);
}

// D candidates at a time; their sums stay in registers while the classes go by. D divides the width.
template <int D>
HEDGEROW_INLINE double Score(const ScoreTask& task) {
  using Words = Vector<std::int32_t, D>;
  using Reals = Vector<double, D>;
  const std::size_t rows = task.classes;
  const auto n = static_cast<std::int32_t>(task.records);
  const auto least = static_cast<std::int32_t>(std::min<std::uint32_t>(task.min_leaf, 0x7fffffffU));
  Reals best = Reals{} - 1.0;
  for (std::size_t c = 0; c < task.width; c += D) {
    Words above, below, equal;
    Words lefts{};
    Reals left_squares{}, right_squares{};
    Load<std::int32_t, D>(task.counts + 2 * rows * task.width + c, above);
    const Words with_equal = above != 0;
    for (std::size_t y = 0; y < rows; ++y) {
      Load<std::int32_t, D>(task.counts + y * task.width + c, below);
      Load<std::int32_t, D>(task.counts + (rows + y) * task.width + c, equal);
      const Words left_count = below + (equal & with_equal);
      const Reals left = __builtin_convertvector(left_count, Reals);
      const Reals right = static_cast<double>(static_cast<std::int32_t>(task.class_counts[y])) - left;
      lefts += left_count;
      left_squares += left * left;
      right_squares += right * right;
    }
    const Words rights = n - lefts;
    // Where a side is empty the quotients mean nothing, so they are kept from dividing by 0.
    const Reals left_sum = __builtin_convertvector(lefts - (lefts == 0), Reals);
    const Reals right_sum = __builtin_convertvector(rights - (rights == 0), Reals);
    Reals score = left_squares / left_sum + right_squares / right_sum;
    OrNone<D>((lefts > 0) & (rights > 0), score);
    Save(task.scores + c, score);
    Save(task.lefts + c, lefts);
    OrNone<D>((lefts >= least) & (rights >= least), score);
    best = best > score ? best : score;
  }
  return LargestLane<D>(best);
}

template <int D>
HEDGEROW_INLINE double Largest(const double* values, std::size_t width) {
  Vector<double, D> best, some;
  Load<double, D>(values, best);
  for (std::size_t c = D; c < width; c += D) {
    Load<double, D>(values + c, some);
    best = best > some ? best : some;
  }
  return LargestLane<D>(best);
}

HEDGEROW_INLINE std::size_t Seek(const double* values, std::size_t from, std::size_t width, double value) {
  for (std::size_t c = from; c < width; c += 8) {
    std::uint32_t any = 0;
    for (std::size_t l = 0; l < 8; ++l) any |= values[c + l] == value ? 1U : 0U;
    if (any != 0) return c;
  }
  return width;
}

}  // namespace hedgerow::forest::loops
