// The AVX-512 forms of the kernels: sixteen 32-bit lanes at a time, comparisons give bits at once (kernels.h).
#include "forest/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#include "forest/kernel_loops.h"

#define HEDGEROW_AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,bmi,popcnt,prefer-vector-width=512")))

namespace hedgerow::forest {
namespace {

constexpr std::size_t kWide = 16;

HEDGEROW_AVX512 inline __m512i Load(const void* words) { return _mm512_loadu_si512(words); }
HEDGEROW_AVX512 inline __m512i Broadcast(std::uint32_t value) { return _mm512_set1_epi32(static_cast<int>(value)); }

// Bits for the first `left` lanes.
HEDGEROW_AVX512 inline __mmask16 LanesBelow(std::size_t left) {
  return left >= kWide ? 0xffff : static_cast<__mmask16>((1U << left) - 1);
}

HEDGEROW_AVX512 inline __m512i Mixed(__m512i x) {
  x = _mm512_xor_si512(x, _mm512_srli_epi32(x, 16));
  x = _mm512_mullo_epi32(x, Broadcast(0x21f0aaadU));
  x = _mm512_xor_si512(x, _mm512_srli_epi32(x, 15));
  x = _mm512_mullo_epi32(x, Broadcast(0x735a2d97U));
  return _mm512_xor_si512(x, _mm512_srli_epi32(x, 15));
}

HEDGEROW_AVX512 inline __m512i Ranked(__m512i cells, __m512i word, bool numeric) {
  return numeric ? _mm512_sub_epi32(cells, word) : Mixed(_mm512_xor_si512(cells, word));
}

HEDGEROW_AVX512 void Rank(const Cell* cells, std::size_t n, Order order, std::int32_t* ranks) {
  const __m512i word = Broadcast(order.word);
  const bool numeric = order.type == FeatureType::kNumeric;
  for (std::size_t i = 0; i < n; i += kWide) _mm512_storeu_si512(ranks + i, Ranked(Load(cells + i), word, numeric));
}

HEDGEROW_AVX512 void Mix(const std::uint32_t* tags, std::size_t n, std::uint32_t word, std::uint32_t* mixed) {
  const __m512i flip = Broadcast(word);
  for (std::size_t i = 0; i < n; i += kWide) {
    _mm512_storeu_si512(mixed + i, Mixed(_mm512_xor_si512(Load(tags + i), flip)));
  }
}

HEDGEROW_AVX512 void Nest(const Cell* cells, std::size_t n, Order order, std::span<const std::uint32_t> anchors,
                          NestedSplits& splits) {
  const __m512i word = Broadcast(order.word);
  const bool numeric = order.type == FeatureType::kNumeric;
  const std::size_t vectors = (n + kWide - 1) / kWide;
  __m512i ranks[kMaskBits / kWide];
  __m512i low = _mm512_set1_epi32(order.Rank(cells[0]));
  __m512i high = low;
  for (std::size_t v = 0; v < vectors; ++v) {
    const __mmask16 lanes = LanesBelow(n - v * kWide);
    ranks[v] = Ranked(Load(cells + v * kWide), word, numeric);
    low = _mm512_mask_min_epi32(low, lanes, low, ranks[v]);
    high = _mm512_mask_max_epi32(high, lanes, high, ranks[v]);
  }
  const std::int32_t largest = _mm512_reduce_max_epi32(high);
  splits.count = 0;
  if (_mm512_reduce_min_epi32(low) == largest) return;
  const Mask all = MaskBelow(n);
  for (const std::uint32_t anchor : anchors) {
    const std::int32_t rank = order.Rank(cells[anchor]);
    const std::int32_t threshold = rank == largest ? rank - 1 : rank;
    if (!AddThreshold(threshold, splits)) continue;
    const __m512i pivot = _mm512_set1_epi32(threshold);
    Mask mask;
    for (std::size_t v = 0; v < vectors; ++v) {
      const std::uint64_t bits = _mm512_cmple_epi32_mask(ranks[v], pivot);
      mask.words[v / 4] |= bits << (v % 4 * kWide);
    }
    splits.lefts[splits.count - 1] = mask & all;
  }
}

HEDGEROW_AVX512 void Part(const std::uint32_t* words, std::size_t n, const Mask& mask, std::uint32_t* target) {
  // Whole registers are stored, past the ends; so to a buffer first, as what stands behind `target` is in use.
  std::uint32_t left[kMaskBits + kWide];
  std::uint32_t right[kMaskBits + kWide];
  std::size_t lefts = 0;
  std::size_t rights = 0;
  for (std::size_t i = 0; i < n; i += kWide) {
    const __m512i v = Load(words + i);
    const auto to_left = static_cast<__mmask16>(mask.words[i / 64] >> (i % 64));
    const auto to_right = static_cast<__mmask16>(~to_left & LanesBelow(n - i));
    _mm512_storeu_si512(left + lefts, _mm512_maskz_compress_epi32(to_left, v));
    _mm512_storeu_si512(right + rights, _mm512_maskz_compress_epi32(to_right, v));
    lefts += static_cast<std::size_t>(_mm_popcnt_u32(to_left));
    rights += static_cast<std::size_t>(_mm_popcnt_u32(to_right));
  }
  std::memcpy(target, left, lefts * sizeof *target);
  std::memcpy(target + lefts, right, rights * sizeof *target);
}

HEDGEROW_AVX512 BelowEqual Count(const std::int32_t* ranks, std::size_t n, std::int32_t pivot_rank) {
  const __m512i pivot = _mm512_set1_epi32(pivot_rank);
  BelowEqual result;
  for (std::size_t i = 0; i < n; i += kWide) {
    const __mmask16 lanes = LanesBelow(n - i);
    const __m512i v = Load(ranks + i);
    result.below += static_cast<std::uint32_t>(_mm_popcnt_u32(_mm512_mask_cmplt_epi32_mask(lanes, v, pivot)));
    result.equal += static_cast<std::uint32_t>(_mm_popcnt_u32(_mm512_mask_cmpeq_epi32_mask(lanes, v, pivot)));
  }
  return result;
}

HEDGEROW_AVX512 std::uint32_t Smallest(const std::uint32_t* words, std::size_t n, std::uint32_t flip) {
  const __m512i flips = Broadcast(flip);
  __m512i low = _mm512_set1_epi32(-1);
  for (std::size_t i = 0; i < n; i += kWide) {
    low = _mm512_mask_min_epu32(low, LanesBelow(n - i), low, _mm512_xor_si512(Load(words + i), flips));
  }
  return _mm512_reduce_min_epu32(low);
}

HEDGEROW_AVX512 bool Tally(const std::int32_t* ranks, const std::int32_t* anchor_ranks, std::size_t stride,
                           std::uint32_t step, TallyRows rows) {
  return TallyLoop(ranks, anchor_ranks, stride, step, rows);
}

HEDGEROW_AVX512 void Scores(const std::uint32_t* counts, std::size_t stride, const std::uint32_t* class_counts,
                            std::size_t classes, std::uint32_t records, ScoreTable table) {
  ScoreLoop(counts, stride, class_counts, classes, records, table);
}

HEDGEROW_AVX512 std::size_t Find(const std::uint32_t* words, std::size_t n, std::size_t from, std::uint32_t word) {
  const __m512i wanted = Broadcast(word);
  for (std::size_t i = from; i < n; i += kWide) {
    const __mmask16 hits = _mm512_mask_cmpeq_epi32_mask(LanesBelow(n - i), Load(words + i), wanted);
    if (hits != 0) return i + static_cast<std::size_t>(_tzcnt_u32(hits));
  }
  return n;
}

}  // namespace

const Kernels* Avx512Kernels() {
  static constexpr Kernels kKernels{Rank, Mix, Nest, Part, Count, Smallest, Tally, Scores, Find};
  static const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  return has ? &kKernels : nullptr;
}

}  // namespace hedgerow::forest

#endif
