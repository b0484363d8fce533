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

void Nest(const Cell* cells, std::size_t n, Order order, std::span<const std::uint32_t> anchors,
          NestedSplits& splits) {
  std::int32_t ranks[kMaskBits];
  Rank(cells, n, order, ranks);
  const auto [smallest, largest] = std::minmax_element(ranks, ranks + n);
  splits.count = 0;
  if (*smallest == *largest) return;
  for (const std::uint32_t anchor : anchors) {
    const std::int32_t threshold = ranks[anchor] == *largest ? ranks[anchor] - 1 : ranks[anchor];
    if (!AddThreshold(threshold, splits)) continue;
    Mask& mask = splits.lefts[splits.count - 1];
    mask = {};
    for (std::size_t i = 0; i < n; ++i) {
      mask.words[i / 64] |= static_cast<std::uint64_t>(ranks[i] <= threshold ? 1 : 0) << (i % 64);
    }
  }
}

void Part(const std::uint32_t* words, std::size_t n, const Mask& mask, std::uint32_t* target) {
  std::uint32_t* left = target;
  std::uint32_t* right = target + mask.Count();
  for (std::size_t i = 0; i < n; ++i) *((mask.words[i / 64] >> (i % 64) & 1) != 0 ? left : right)++ = words[i];
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

bool Tally(const std::int32_t* ranks, const std::int32_t* anchor_ranks, std::size_t stride, std::uint32_t step,
           TallyRows rows) {
  return TallyLoop(ranks, anchor_ranks, stride, step, rows);
}

void Scores(const std::uint32_t* counts, std::size_t stride, const std::uint32_t* class_counts, std::size_t classes,
            std::uint32_t records, ScoreTable table) {
  ScoreLoop(counts, stride, class_counts, classes, records, table);
}

std::size_t Find(const std::uint32_t* words, std::size_t n, std::size_t from, std::uint32_t word) {
  while (from < n && words[from] != word) ++from;
  return from;
}

}  // namespace

const Kernels& PortableKernels() {
  static constexpr Kernels kKernels{Rank, Mix, Nest, Part, Count, Smallest, Tally, Scores, Find};
  return kKernels;
}

const Kernels& BestKernels() {
  static const Kernels& best = Avx512Kernels() != nullptr ? *Avx512Kernels()
                               : Avx2Kernels() != nullptr ? *Avx2Kernels()
                                                          : PortableKernels();
  return best;
}

#if !defined(__x86_64__)
const Kernels* Avx2Kernels() { return nullptr; }
const Kernels* Avx512Kernels() { return nullptr; }
#endif

}  // namespace hedgerow::forest
