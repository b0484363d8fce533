#include "forest/kernels.h"

#include <algorithm>
#include <bit>

#include "forest/kernel_loops.h"

namespace hedgerow::forest {

Mask MaskOfRange(std::size_t begin, std::size_t end) {
  const auto below = [](std::size_t bits) { return bits >= 64 ? ~0ULL : (1ULL << bits) - 1; };
  Mask mask;
  for (std::size_t w = 0; w < 2; ++w) {
    const std::size_t first = std::clamp<std::size_t>(begin, w * 64, w * 64 + 64) - w * 64;
    const std::size_t last = std::clamp<std::size_t>(end, w * 64, w * 64 + 64) - w * 64;
    mask.words[w] = below(last) & ~below(first);
  }
  return mask;
}

namespace {

void Rank(const Cell* cells, std::size_t n, Order order, std::int32_t* ranks) {
  for (std::size_t i = 0; i < n; ++i) ranks[i] = order.Rank(cells[i]);
}

void Mix(const std::uint32_t* tags, std::size_t n, std::uint32_t word, std::uint32_t* mixed) {
  for (std::size_t i = 0; i < n; ++i) mixed[i] = Mix32(tags[i] ^ word);
}

Extremes FindExtremes(const std::int32_t* ranks, std::size_t n) {
  const auto [smallest, largest] = std::minmax_element(ranks, ranks + n);
  return {*smallest, *largest};
}

Mask AtMost(const std::int32_t* ranks, std::size_t n, std::int32_t threshold) {
  Mask mask;
  for (std::size_t i = 0; i < n; ++i) {
    mask.words[i / 64] |= static_cast<std::uint64_t>(ranks[i] <= threshold ? 1 : 0) << (i % 64);
  }
  return mask;
}

BelowEqual Count(const std::int32_t* ranks, std::size_t n, std::int32_t pivot) {
  BelowEqual result;
  for (std::size_t i = 0; i < n; ++i) {
    result.below += ranks[i] < pivot ? 1U : 0U;
    result.equal += ranks[i] == pivot ? 1U : 0U;
  }
  return result;
}

std::uint32_t Smallest(const std::uint32_t* words, std::size_t n, std::uint32_t flip) {
  std::uint32_t smallest = words[0] ^ flip;
  for (std::size_t i = 1; i < n; ++i) smallest = std::min(smallest, words[i] ^ flip);
  return smallest;
}

std::size_t Find(const std::uint32_t* words, std::size_t n, std::size_t from, std::uint32_t word) {
  while (from < n && words[from] != word) ++from;
  return from;
}

bool Tally(const std::int32_t* ranks, const std::int32_t* anchor_ranks, std::size_t stride, std::uint32_t step,
           TallyRows rows) {
  return TallyLoop(ranks, anchor_ranks, stride, step, rows);
}

void Scores(const std::uint32_t* counts, std::size_t stride, const std::uint32_t* class_counts, std::size_t classes,
            std::uint32_t records, ScoreTable table) {
  ScoreLoop(counts, stride, class_counts, classes, records, table);
}

}  // namespace

const Kernels& PortableKernels() {
  static constexpr Kernels kKernels{Rank, Mix, FindExtremes, AtMost, Count, Smallest, Tally, Scores, Find};
  return kKernels;
}

#if !defined(__x86_64__)
const Kernels& BestKernels() { return PortableKernels(); }
#endif

}  // namespace hedgerow::forest
