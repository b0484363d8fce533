// The kernels' loops over ranks and counts (kernel_loops.h).
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "forest/kernels.h"
#include "forest/loop_vectors.h"

namespace hedgerow::forest::loops {

// rank = Mix32(cell ^ word) or cell - word, by the lane's kind.
template <int L, bool Mixed>
HEDGEROW_INLINE void RankLanes(const Vector<std::uint32_t, L>& cells, const Vector<std::uint32_t, L>& words,
                               const Vector<std::uint32_t, L>& categorical, Vector<std::int32_t, L>& ranks) {
  Vector<std::uint32_t, L> result = cells - words;
  if constexpr (Mixed) {
    Vector<std::uint32_t, L> x = cells ^ words;
    x ^= x >> 16;
    x *= 0x21f0aaadU;
    x ^= x >> 15;
    x *= 0x735a2d97U;
    x ^= x >> 15;
    result = (x & categorical) | (result & ~categorical);
  }
  std::memcpy(&ranks, &result, sizeof ranks);
}

template <int L>
HEDGEROW_INLINE bool AnyCategorical(const LaneOrders& orders, std::size_t lane) {
  std::uint32_t any = 0;
  for (int l = 0; l < L; ++l) any |= orders.categorical[lane + static_cast<std::size_t>(l)];
  return any != 0;
}

// L lanes against A anchors, whose counts stay in registers.
template <int L, int A, bool Mixed>
HEDGEROW_INLINE void CountGroup(const CountTask& task, std::size_t lane, std::size_t first_anchor) {
  Vector<std::uint32_t, L> words, categorical;
  Load<std::uint32_t, L>(task.orders.words + lane, words);
  Load<std::uint32_t, L>(task.orders.categorical + lane, categorical);
  Vector<std::int32_t, L> anchors[A];
  Vector<std::int32_t, L> below[A];
  Vector<std::int32_t, L> equal[A];
  const std::size_t stride = task.orders.stride;
#pragma GCC unroll 4
  for (int a = 0; a < A; ++a) {
    Load<std::int32_t, L>(task.anchor_ranks + (first_anchor + static_cast<std::size_t>(a)) * stride + lane, anchors[a]);
    below[a] = equal[a] = Vector<std::int32_t, L>{};
  }
  const Cell* row = task.rows + lane;
  for (std::size_t i = 0; i < task.n; ++i, row += task.row_stride) {
    Vector<std::uint32_t, L> cells;
    Vector<std::int32_t, L> ranks;
    Load<std::uint32_t, L>(row, cells);
    RankLanes<L, Mixed>(cells, words, categorical, ranks);
#pragma GCC unroll 4
    for (int a = 0; a < A; ++a) {
      below[a] -= ranks < anchors[a];
      equal[a] -= ranks == anchors[a];
    }
  }
#pragma GCC unroll 4
  for (int a = 0; a < A; ++a) {
    const std::size_t at = (first_anchor + static_cast<std::size_t>(a)) * stride + lane;
    Vector<std::int32_t, L> sum;
    Load<std::int32_t, L>(task.below + at, sum);
    Save(task.below + at, sum + below[a]);
    Load<std::int32_t, L>(task.equal + at, sum);
    Save(task.equal + at, sum + equal[a]);
  }
}

template <int L, bool Mixed>
HEDGEROW_INLINE void CountLanes(const CountTask& task, std::size_t lane) {
  std::size_t anchor = 0;
  for (; anchor + 4 <= task.anchors; anchor += 4) CountGroup<L, 4, Mixed>(task, lane, anchor);
  for (; anchor + 2 <= task.anchors; anchor += 2) CountGroup<L, 2, Mixed>(task, lane, anchor);
  if (anchor < task.anchors) CountGroup<L, 1, Mixed>(task, lane, anchor);
}

template <int L>
HEDGEROW_INLINE void CountLanes(const CountTask& task, std::size_t lane) {
  if (AnyCategorical<L>(task.orders, lane)) {
    CountLanes<L, true>(task, lane);
  } else {
    CountLanes<L, false>(task, lane);
  }
}

// Registers of L lanes, and one of 8 for the rest of the stride.
template <int L>
HEDGEROW_INLINE void Count(const CountTask& task) {
  std::size_t lane = 0;
  for (; lane + L <= task.orders.stride; lane += L) CountLanes<L>(task, lane);
  for (; lane < task.orders.stride; lane += 8) CountLanes<8>(task, lane);
}

template <int L>
HEDGEROW_INLINE void RankOne(const Cell* cells, const LaneOrders& orders, std::size_t lane, std::int32_t* to) {
  Vector<std::uint32_t, L> x, words, categorical;
  Load<std::uint32_t, L>(cells + lane, x);
  Load<std::uint32_t, L>(orders.words + lane, words);
  Load<std::uint32_t, L>(orders.categorical + lane, categorical);
  Vector<std::int32_t, L> ranks;
  RankLanes<L, true>(x, words, categorical, ranks);
  Save(to + lane, ranks);
}

template <int L>
HEDGEROW_INLINE void Rank(const Cell* cells, const LaneOrders& orders, std::int32_t* ranks) {
  std::size_t lane = 0;
  for (; lane + L <= orders.stride; lane += L) RankOne<L>(cells, orders, lane, ranks);
  for (; lane + 8 <= orders.stride; lane += 8) RankOne<8>(cells, orders, lane, ranks);
  for (; lane < orders.stride; lane += 4) RankOne<4>(cells, orders, lane, ranks);
}

HEDGEROW_INLINE void OrderWords(std::uint64_t node, const std::uint32_t* categorical, std::size_t stride,
                                std::uint32_t* words) {
  for (std::size_t a = 0; a < stride; ++a) {
    words[a] = static_cast<std::uint32_t>(Hash(node, a)) & (categorical[a] | 1U);
  }
}

template <class T, int L, bool KeepsAbove>
HEDGEROW_INLINE void TallyLanes(const TallyTask& task, std::size_t anchor, std::size_t lane,
                                Vector<std::int32_t, L>& changed) {
  using Words = Vector<std::int32_t, L>;
  using Counts = Vector<T, L>;
  const auto edge = static_cast<T>(task.step == 1 ? 0 : 1);  // about to become or to cease to be 0
  const auto step = static_cast<T>(task.step);
  const std::size_t at = anchor * task.stride + lane;
  Words rank, pivot;
  Counts below, equal;
  Load<std::int32_t, L>(task.ranks + lane, rank);
  Load<std::int32_t, L>(task.anchor_ranks + at, pivot);
  Load<T, L>(static_cast<const T*>(task.below) + at, below);
  Load<T, L>(static_cast<const T*>(task.equal) + at, equal);
  const Words is_above = rank > pivot;
  if constexpr (KeepsAbove) {
    Counts above;
    Load<T, L>(static_cast<const T*>(task.above) + at, above);
    changed |= is_above & __builtin_convertvector(above == edge, Words);
    Save(static_cast<T*>(task.above) + at, above + (__builtin_convertvector(is_above, Counts) & step));
  } else {
    Counts other_below, other_equal;
    Load<T, L>(static_cast<const T*>(task.other_below) + at, other_below);
    Load<T, L>(static_cast<const T*>(task.other_equal) + at, other_equal);
    const Counts others = below + equal + other_below + other_equal;
    changed |= is_above & __builtin_convertvector(others == static_cast<T>(task.records - edge), Words);
  }
  Save(static_cast<T*>(task.below) + at, below + (__builtin_convertvector(rank < pivot, Counts) & step));
  Save(static_cast<T*>(task.equal) + at, equal + (__builtin_convertvector(rank == pivot, Counts) & step));
}

template <class T, int L, bool KeepsAbove>
HEDGEROW_INLINE bool TallyCounts(const TallyTask& task) {
  Vector<std::int32_t, L> changed{};
  Vector<std::int32_t, 8> changed_8{};
  Vector<std::int32_t, 4> changed_4{};
  for (std::size_t anchor = 0; anchor < task.anchors; ++anchor) {
    std::size_t lane = 0;
    for (; lane + L <= task.stride; lane += L) TallyLanes<T, L, KeepsAbove>(task, anchor, lane, changed);
    for (; lane + 8 <= task.stride; lane += 8) TallyLanes<T, 8, KeepsAbove>(task, anchor, lane, changed_8);
    for (; lane < task.stride; lane += 4) TallyLanes<T, 4, KeepsAbove>(task, anchor, lane, changed_4);
  }
  std::int32_t any = 0;
  for (int l = 0; l < L; ++l) any |= changed[l];
  for (int l = 0; l < 8; ++l) any |= changed_8[l];
  for (int l = 0; l < 4; ++l) any |= changed_4[l];
  return any != 0;
}

template <class T, int L>
HEDGEROW_INLINE bool TallyCounts(const TallyTask& task) {
  return task.above != nullptr ? TallyCounts<T, L, true>(task) : TallyCounts<T, L, false>(task);
}

template <int L>
HEDGEROW_INLINE bool Tally(const TallyTask& task) {
  if (task.count_bytes == 1) return TallyCounts<std::uint8_t, L>(task);
  if (task.count_bytes == 2) return TallyCounts<std::uint16_t, L>(task);
  return TallyCounts<std::uint32_t, L>(task);
}

HEDGEROW_INLINE void Remain(const std::uint32_t* counts, std::size_t rows, std::size_t width, std::uint32_t records,
                            std::uint32_t* above) {
  for (std::size_t c = 0; c < width; c += 8) {
    Vector<std::uint32_t, 8> rest = Vector<std::uint32_t, 8>{} + records, some;
    for (std::size_t row = 0; row < rows; ++row) {
      Load<std::uint32_t, 8>(counts + row * width + c, some);
      rest -= some;
    }
    Save(above + c, rest);
  }
}

}  // namespace hedgerow::forest::loops
