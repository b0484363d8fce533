// The kernels, written once on vectors of L words and compiled for each instruction set (kernels.h).
//
// The compiler's vector extension lowers them to whatever registers the function that they are inlined into may use.
//
// Thread rule: pure functions.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "forest/hash.h"
#include "forest/kernels.h"

#define HEDGEROW_INLINE [[gnu::always_inline]] inline

namespace hedgerow::forest::loops {

template <class T, int L>
struct VectorOf {
  // NOLINTNEXTLINE(modernize-use-using): an alias does not carry the attribute when its size depends on L
  typedef T Type __attribute__((vector_size(L * sizeof(T))));
};
template <class T, int L>
using Vector = typename VectorOf<T, L>::Type;

template <class T, int L>
HEDGEROW_INLINE void Load(const void* from, Vector<T, L>& to) {
  std::memcpy(&to, from, sizeof to);
}
template <class V>
HEDGEROW_INLINE void Save(void* to, const V& value) {
  std::memcpy(to, &value, sizeof value);
}

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

HEDGEROW_INLINE double LargestLane(const Vector<double, 8>& lanes) {
  double largest = lanes[0];
  for (int l = 1; l < 8; ++l) largest = std::max(largest, lanes[l]);
  return largest;
}

// Where the mask is 0, -1. By bits: the compiler takes choices between vectors of doubles apart.
HEDGEROW_INLINE void OrNone(const Vector<std::int32_t, 8>& mask, Vector<double, 8>& values) {
  using Bits = Vector<std::int64_t, 8>;
  const Vector<double, 8> none = Vector<double, 8>{} - 1.0;
  Bits bits, none_bits;
  std::memcpy(&bits, &values, sizeof bits);
  std::memcpy(&none_bits, &none, sizeof none_bits);
  const Bits wide = __builtin_convertvector(mask, Bits);
  bits = (bits & wide) | (none_bits & ~wide);
  std::memcpy(&values, &bits, sizeof values);
}

// Eight candidates at a time; their sums stay in registers while the classes go by.
HEDGEROW_INLINE double Score(const ScoreTask& task) {
  using Words = Vector<std::int32_t, 8>;
  using Reals = Vector<double, 8>;
  const std::size_t rows = task.classes;
  const auto n = static_cast<std::int32_t>(task.records);
  const auto least = static_cast<std::int32_t>(std::min<std::uint32_t>(task.min_leaf, 0x7fffffffU));
  Reals best = Reals{} - 1.0;
  for (std::size_t c = 0; c < task.width; c += 8) {
    Words above, below, equal;
    Words lefts{};
    Reals left_squares{}, right_squares{};
    Load<std::int32_t, 8>(task.counts + 2 * rows * task.width + c, above);
    const Words with_equal = above != 0;
    for (std::size_t y = 0; y < rows; ++y) {
      Load<std::int32_t, 8>(task.counts + y * task.width + c, below);
      Load<std::int32_t, 8>(task.counts + (rows + y) * task.width + c, equal);
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
    OrNone((lefts > 0) & (rights > 0), score);
    Save(task.scores + c, score);
    Save(task.lefts + c, lefts);
    OrNone((lefts >= least) & (rights >= least), score);
    best = best > score ? best : score;
  }
  return LargestLane(best);
}

HEDGEROW_INLINE double Largest(const double* values, std::size_t width) {
  Vector<double, 8> best, some;
  Load<double, 8>(values, best);
  for (std::size_t c = 8; c < width; c += 8) {
    Load<double, 8>(values + c, some);
    best = best > some ? best : some;
  }
  return LargestLane(best);
}

HEDGEROW_INLINE void Differ(const Cell* rows, std::size_t n, std::size_t stride, std::uint32_t* differs) {
  for (std::size_t lane = 0; lane < stride; lane += kLanes) {
    Vector<std::uint32_t, kLanes> first, any;
    Load<std::uint32_t, kLanes>(rows + lane, first);
    Load<std::uint32_t, kLanes>(differs + lane, any);
    for (std::size_t i = 1; i < n; ++i) {
      Vector<std::uint32_t, kLanes> cells;
      Load<std::uint32_t, kLanes>(rows + i * stride + lane, cells);
      any |= cells ^ first;
    }
    Save(differs + lane, any);
  }
}

HEDGEROW_INLINE void Mix(const std::uint32_t* tags, std::size_t n, std::uint32_t word, std::uint32_t* mixed) {
  for (std::size_t i = 0; i < PaddedTo(n); ++i) mixed[i] = Mix32(tags[i] ^ word);
}

HEDGEROW_INLINE Drawn Draw(const std::uint32_t* words, std::size_t n, std::uint32_t flip) {
  std::uint32_t smallest = ~0U;
  for (std::size_t i = 0; i < n; ++i) smallest = std::min(smallest, words[i] ^ flip);
  const std::uint32_t word = smallest ^ flip;
  // Nearly always there is one, and then the sum of the places of all of them is its place.
  std::uint32_t times = 0;
  std::uint32_t places = 0;
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(n); ++i) {
    const std::uint32_t is_it = words[i] == word ? ~0U : 0U;
    times -= is_it;
    places += is_it & i;
  }
  if (times == 1) return {places, 1};
  return {static_cast<std::size_t>(std::find(words, words + n, word) - words), times};
}

HEDGEROW_INLINE void Gather(const GatherTask& task) {
  const std::size_t whole = task.width / kLanes * kLanes;
  Vector<Cell, kLanes> mask{}, cells;
  for (std::size_t l = 0; l < task.width - whole; ++l) mask[l] = -1;
  for (std::size_t i = 0; i < task.n; ++i) {
    const Cell* from = task.table + static_cast<std::size_t>(task.slots[i]) * task.table_stride;
    Cell* row = task.rows + static_cast<std::size_t>(task.to[i]) * task.row_stride;
    for (std::size_t l = 0; l < whole; l += kLanes) {
      Load<Cell, kLanes>(from + l, cells);
      Save(row + l, cells);
    }
    if (whole == task.row_stride) continue;
    Load<Cell, kLanes>(from + whole, cells);
    Save(row + whole, cells & mask);
  }
}

HEDGEROW_INLINE void HashTrees(std::uint64_t base, std::uint64_t id, std::size_t n, std::uint64_t* words) {
  for (std::size_t t = 0; t < n; ++t) words[t] = Hash(base, t, id);
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

HEDGEROW_INLINE std::size_t Seek(const double* values, std::size_t from, std::size_t width, double value) {
  for (std::size_t c = from; c < width; c += 8) {
    std::uint32_t any = 0;
    for (std::size_t l = 0; l < 8; ++l) any |= values[c + l] == value ? 1U : 0U;
    if (any != 0) return c;
  }
  return width;
}

inline constexpr std::size_t kPackedBytes = 3;

HEDGEROW_INLINE void Unpack(const std::uint8_t* bytes, std::size_t n, std::uint32_t* words) {
  using Bytes = Vector<std::uint8_t, 16>;
  using Words = Vector<std::uint32_t, 4>;
  const Bytes spread{0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 0, 9, 10, 11, 0};
  const Words mask = Words{} + 0xffffffU;
  std::size_t i = 0;
  for (; i + 6 <= n; i += 4) {  // 16 bytes are there
    Bytes some;
    Load<std::uint8_t, 16>(bytes + kPackedBytes * i, some);
    some = __builtin_shuffle(some, spread);
    Words wide;
    std::memcpy(&wide, &some, sizeof wide);
    Save(words + i, wide & mask);
  }
  for (; i < n; ++i) {
    std::uint32_t word;
    std::memcpy(&word, bytes + kPackedBytes * i, sizeof word);
    words[i] = word & 0xffffffU;
  }
}

HEDGEROW_INLINE void Pack(const std::uint32_t* words, std::size_t n, std::uint8_t* bytes) {
  using Bytes = Vector<std::uint8_t, 16>;
  const Bytes close{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15};
  std::size_t i = 0;
  for (; i + 6 <= n; i += 4) {  // there is room for 16 bytes
    Bytes some;
    Load<std::uint8_t, 16>(words + i, some);
    Save(bytes + kPackedBytes * i, __builtin_shuffle(some, close));
  }
  for (; i < n; ++i) std::memcpy(bytes + kPackedBytes * i, words + i, sizeof *words);
}

template <FeatureType Type, std::size_t Stride>
HEDGEROW_INLINE std::size_t PartRows(const PartTask& task) {
  const std::size_t stride = Stride != 0 ? Stride : task.row_stride;
  const Order order{task.split.order.word, Type};
  const Cell* row = task.rows;
  // Branch-free: both places are known, and one of them moves on.
  std::size_t left = 0;
  std::size_t right = task.lefts;
  const std::size_t last = task.n - 1;
  for (std::size_t i = 0; i < task.n; ++i, row += stride) {
    const bool goes_left = order.Rank(row[task.split.attribute]) <= task.split.threshold;
    const std::size_t to = std::min(goes_left ? left : right, last);
    for (std::size_t l = 0; l < stride; l += kLanes) {
      Vector<Cell, kLanes> cells;
      Load<Cell, kLanes>(row + l, cells);
      Save(task.to_rows + to * stride + l, cells);
    }
    task.to_tags[to] = task.tags[i];
    task.to_slots[to] = task.slots[i];
    left += goes_left ? 1 : 0;
    right += goes_left ? 0 : 1;
  }
  return left;
}

template <FeatureType Type>
HEDGEROW_INLINE std::size_t PartRows(const PartTask& task) {
  switch (task.row_stride) {
    case kLanes:
      return PartRows<Type, kLanes>(task);
    case 2 * kLanes:
      return PartRows<Type, 2 * kLanes>(task);
    default:
      return PartRows<Type, 0>(task);
  }
}

HEDGEROW_INLINE std::size_t Part(const PartTask& task) {
  return task.split.order.type == FeatureType::kNumeric ? PartRows<FeatureType::kNumeric>(task)
                                                        : PartRows<FeatureType::kCategorical>(task);
}

}  // namespace hedgerow::forest::loops

// The table of kernels for one instruction set: TARGET is a function attribute, L the words in its registers.
// NOLINTBEGIN(bugprone-macro-parentheses): TARGET is no expression
#define HEDGEROW_KERNELS(TARGET, L)                                                                           \
  TARGET void Mix(const std::uint32_t* tags, std::size_t n, std::uint32_t word, std::uint32_t* mixed) {       \
    loops::Mix(tags, n, word, mixed);                                                                         \
  }                                                                                                           \
  TARGET Drawn Draw(const std::uint32_t* words, std::size_t n, std::uint32_t flip) {                          \
    return loops::Draw(words, n, flip);                                                                       \
  }                                                                                                           \
  TARGET void OrderWords(std::uint64_t node, const std::uint32_t* categorical, std::size_t stride,            \
                         std::uint32_t* words) {                                                              \
    loops::OrderWords(node, categorical, stride, words);                                                      \
  }                                                                                                           \
  TARGET void Rank(const Cell* cells, LaneOrders orders, std::int32_t* ranks) {                               \
    loops::Rank<L>(cells, orders, ranks);                                                                     \
  }                                                                                                           \
  TARGET void Count(const CountTask& task) {                                                                  \
    loops::Count<L>(task);                                                                                    \
  }                                                                                                           \
  TARGET bool Tally(const TallyTask& task) {                                                                  \
    return loops::Tally<L>(task);                                                                             \
  }                                                                                                           \
  TARGET double Score(const ScoreTask& task) {                                                                \
    return loops::Score(task);                                                                                \
  }                                                                                                           \
  TARGET double Largest(const double* values, std::size_t width) {                                            \
    return loops::Largest(values, width);                                                                     \
  }                                                                                                           \
  TARGET std::size_t Seek(const double* values, std::size_t from, std::size_t width, double value) {          \
    return loops::Seek(values, from, width, value);                                                           \
  }                                                                                                           \
  TARGET void Remain(const std::uint32_t* counts, std::size_t rows, std::size_t width, std::uint32_t records, \
                     std::uint32_t* above) {                                                                  \
    loops::Remain(counts, rows, width, records, above);                                                       \
  }                                                                                                           \
  TARGET void Gather(const GatherTask& task) {                                                                \
    loops::Gather(task);                                                                                      \
  }                                                                                                           \
  TARGET void HashTrees(std::uint64_t base, std::uint64_t id, std::size_t n, std::uint64_t* words) {          \
    loops::HashTrees(base, id, n, words);                                                                     \
  }                                                                                                           \
  TARGET std::size_t Part(const PartTask& task) {                                                             \
    return loops::Part(task);                                                                                 \
  }                                                                                                           \
  TARGET void Differ(const Cell* rows, std::size_t n, std::size_t stride, std::uint32_t* differs) {           \
    loops::Differ(rows, n, stride, differs);                                                                  \
  }                                                                                                           \
  TARGET void Unpack(const std::uint8_t* bytes, std::size_t n, std::uint32_t* words) {                        \
    loops::Unpack(bytes, n, words);                                                                           \
  }                                                                                                           \
  TARGET void Pack(const std::uint32_t* words, std::size_t n, std::uint8_t* bytes) {                          \
    loops::Pack(words, n, bytes);                                                                             \
  }                                                                                                           \
  constexpr Kernels kKernels{Mix,     Draw, OrderWords, Rank,      Count, Tally,  Remain, Score,              \
                             Largest, Seek, Gather,     HashTrees, Part,  Unpack, Pack,   Differ};
// NOLINTEND(bugprone-macro-parentheses)
