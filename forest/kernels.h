// The inner loops over columns of 32-bit words, in vector registers where the machine has AVX2 or AVX-512.
//
// Each has a portable form with the same result chosen once at start-up; tests compare the two. Arrays that are read may be read up to the next multiple of kLanes words, so columns are
// padded (block.h); what stands there never matters.
//
// Thread rule: pure functions.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "forest/parameters.h"
#include "forest/split.h"

namespace hedgerow::forest {

inline constexpr std::size_t kLanes = 16;
inline constexpr std::size_t kMaskBits = 128;

constexpr std::size_t PaddedTo(std::size_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// One bit a record, for up to kMaskBits records.
struct Mask {
  std::array<std::uint64_t, 2> words{};

  std::uint32_t Count() const { return static_cast<std::uint32_t>(std::popcount(words[0]) + std::popcount(words[1])); }
};
inline Mask operator&(const Mask& a, const Mask& b) { return {{a.words[0] & b.words[0], a.words[1] & b.words[1]}}; }
// Bits begin .. end - 1.
Mask MaskOfRange(std::size_t begin, std::size_t end);

// The distinct splits that an attribute's anchors make of up to kMaskBits records.
struct NestedSplits {
  std::uint32_t count = 0;  // 0: all ranks are equal
  std::array<std::int32_t, kMaxThresholds> thresholds;
  std::array<Mask, kMaxThresholds> lefts;
};

struct BelowEqual {
  std::uint32_t below = 0;
  std::uint32_t equal = 0;
};

// The rows of a node's table that a record of some class counts in.
struct TallyRows {
  std::uint32_t* below;
  std::uint32_t* equal;
  std::uint32_t* above;
};

// `stride` long each. Squares and sums of counts are exact in double up to 9 * 10^7 records a node.
struct ScoreTable {
  double* scores;
  double* lefts;
  double* left_squares;   // scratch
  double* right_squares;  // scratch
};

struct Kernels {
  // ranks[i] = order.Rank(cells[i]); may write up to the padding.
  void (*rank)(const Cell* cells, std::size_t n, Order order, std::int32_t* ranks);
  // mixed[i] = Mix32(tags[i] ^ word); may write up to the padding.
  void (*mix)(const std::uint32_t* tags, std::size_t n, std::uint32_t word, std::uint32_t* mixed);
  // The splits of n <= kMaskBits records, n > 0, by the ranks of `anchors` (positions), in their order: "at most"
  // the anchor's rank, or "below" it if that is the largest one. Of equal thresholds the first stays.
  void (*nest)(const Cell* cells, std::size_t n, Order order, std::span<const std::uint32_t> anchors,
               NestedSplits& splits);
  // Copies the words whose bit is set to the front of `target`, n <= kMaskBits words in all, and the others behind
  // them, each in their order.
  void (*part)(const std::uint32_t* words, std::size_t n, const Mask& mask, std::uint32_t* target);
  // How many of n ranks are below, and how many equal to the pivot.
  BelowEqual (*count)(const std::int32_t* ranks, std::size_t n, std::int32_t pivot);
  // The smallest of words[i] ^ flip, n > 0.
  std::uint32_t (*smallest)(const std::uint32_t* words, std::size_t n, std::uint32_t flip);
  // Counts one record into a node's table (node.h, Statistics), or out of it with step = -1. The arrays are `stride`
  // long, a multiple of 8. True if a count in `above` became or ceased to be 0.
  bool (*tally)(const std::int32_t* ranks, const std::int32_t* anchor_ranks, std::size_t stride, std::uint32_t step,
                TallyRows rows);
  // The scores of all candidates of such a table, and how many records each sends to the left.
  void (*scores)(const std::uint32_t* counts, std::size_t stride, const std::uint32_t* class_counts,
                 std::size_t classes, std::uint32_t records, ScoreTable table);
  // The first i >= from with words[i] == word; n if there is none.
  std::size_t (*find)(const std::uint32_t* words, std::size_t n, std::size_t from, std::uint32_t word);
};

const Kernels& PortableKernels();
// Nothing where the machine does not have them.
const Kernels* Avx2Kernels();
const Kernels* Avx512Kernels();
// The fastest that this machine can run.
const Kernels& BestKernels();

}  // namespace hedgerow::forest
