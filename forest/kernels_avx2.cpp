// The AVX2 forms of the kernels: eight 32-bit lanes at a time (kernels.h).
#include "forest/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <limits>

#include "forest/kernel_loops.h"

#define HEDGEROW_AVX2 __attribute__((target("avx2,bmi,popcnt")))

namespace hedgerow::forest {
namespace {

HEDGEROW_AVX2 inline __m256i Load(const void* words) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(words));
}
HEDGEROW_AVX2 inline void Save(void* words, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(words), value);
}
HEDGEROW_AVX2 inline __m256i Broadcast(std::uint32_t value) { return _mm256_set1_epi32(static_cast<int>(value)); }

// Lane i is all ones while i < left.
HEDGEROW_AVX2 inline __m256i LanesBelow(std::size_t left) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(left)), lane);
}
HEDGEROW_AVX2 inline std::uint32_t Bits(__m256i lanes) {
  return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(lanes)));
}
HEDGEROW_AVX2 inline std::uint32_t Sum(__m256i lanes) {
  alignas(32) std::uint32_t words[8];
  Save(words, lanes);
  std::uint32_t sum = 0;
  for (const std::uint32_t word : words) sum += word;
  return sum;
}

HEDGEROW_AVX2 inline __m256i Mixed(__m256i x) {
  x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 16));
  x = _mm256_mullo_epi32(x, Broadcast(0x21f0aaadU));
  x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 15));
  x = _mm256_mullo_epi32(x, Broadcast(0x735a2d97U));
  return _mm256_xor_si256(x, _mm256_srli_epi32(x, 15));
}

HEDGEROW_AVX2 void Mix(const std::uint32_t* tags, std::size_t n, std::uint32_t word, std::uint32_t* mixed) {
  const __m256i flip = Broadcast(word);
  for (std::size_t i = 0; i < n; i += 8) Save(mixed + i, Mixed(_mm256_xor_si256(Load(tags + i), flip)));
}

HEDGEROW_AVX2 void Rank(const Cell* cells, std::size_t n, Order order, std::int32_t* ranks) {
  const __m256i word = Broadcast(order.word);
  if (order.type == FeatureType::kNumeric) {
    for (std::size_t i = 0; i < n; i += 8) Save(ranks + i, _mm256_sub_epi32(Load(cells + i), word));
  } else {
    for (std::size_t i = 0; i < n; i += 8) Save(ranks + i, Mixed(_mm256_xor_si256(Load(cells + i), word)));
  }
}

HEDGEROW_AVX2 inline std::int32_t Largest(__m256i lanes) {
  __m128i a = _mm_max_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
  a = _mm_max_epi32(a, _mm_shuffle_epi32(a, 0x4e));
  return _mm_cvtsi128_si32(_mm_max_epi32(a, _mm_shuffle_epi32(a, 0xb1)));
}

HEDGEROW_AVX2 void Nest(const Cell* cells, std::size_t n, Order order, std::span<const std::uint32_t> anchors,
                        NestedSplits& splits) {
  const std::size_t vectors = (n + 7) / 8;
  alignas(32) std::int32_t ranks[kMaskBits];
  Rank(cells, n, order, ranks);
  const __m256i first = _mm256_set1_epi32(ranks[0]);
  __m256i high = first;
  __m256i differs = _mm256_setzero_si256();
  for (std::size_t v = 0; v < vectors; ++v) {
    const __m256i it = _mm256_blendv_epi8(first, Load(ranks + v * 8), LanesBelow(n - v * 8));
    high = _mm256_max_epi32(high, it);
    differs = _mm256_or_si256(differs, _mm256_xor_si256(it, first));
  }
  splits.count = 0;
  if (_mm256_testz_si256(differs, differs) != 0) return;
  const std::int32_t largest = Largest(high);
  const Mask all = MaskBelow(n);
  for (const std::uint32_t anchor : anchors) {
    const std::int32_t threshold = ranks[anchor] == largest ? ranks[anchor] - 1 : ranks[anchor];
    if (!AddThreshold(threshold, splits)) continue;
    const __m256i pivot = _mm256_set1_epi32(threshold);
    Mask above;
    for (std::size_t v = 0; v < vectors; ++v) {
      const std::uint64_t bits = Bits(_mm256_cmpgt_epi32(Load(ranks + v * 8), pivot));
      above.words[v / 8] |= bits << (v % 8 * 8);
    }
    splits.lefts[splits.count - 1] = {{~above.words[0] & all.words[0], ~above.words[1] & all.words[1]}};
  }
}

void Part(const std::uint32_t* words, std::size_t n, const Mask& mask, std::uint32_t* target) {
  PortableKernels().part(words, n, mask, target);  // AVX2 has no compress
}

HEDGEROW_AVX2 BelowEqual Count(const std::int32_t* ranks, std::size_t n, std::int32_t pivot_rank) {
  const __m256i pivot = Broadcast(static_cast<std::uint32_t>(pivot_rank));
  __m256i below = _mm256_setzero_si256();
  __m256i equal = below;
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256i v = Load(ranks + i);
    below = _mm256_sub_epi32(below, _mm256_cmpgt_epi32(pivot, v));
    equal = _mm256_sub_epi32(equal, _mm256_cmpeq_epi32(pivot, v));
  }
  if (i < n) {
    const __m256i v = Load(ranks + i);
    const __m256i lanes = LanesBelow(n - i);
    below = _mm256_sub_epi32(below, _mm256_and_si256(lanes, _mm256_cmpgt_epi32(pivot, v)));
    equal = _mm256_sub_epi32(equal, _mm256_and_si256(lanes, _mm256_cmpeq_epi32(pivot, v)));
  }
  return {Sum(below), Sum(equal)};
}

HEDGEROW_AVX2 std::uint32_t Smallest(const std::uint32_t* words, std::size_t n, std::uint32_t flip) {
  const __m256i flips = Broadcast(flip);
  __m256i low = Broadcast(std::numeric_limits<std::uint32_t>::max());
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) low = _mm256_min_epu32(low, _mm256_xor_si256(Load(words + i), flips));
  if (i < n) {
    const __m256i v = _mm256_or_si256(_mm256_xor_si256(Load(words + i), flips),
                                      _mm256_xor_si256(LanesBelow(n - i), _mm256_set1_epi32(-1)));
    low = _mm256_min_epu32(low, v);
  }
  __m128i a = _mm_min_epu32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
  a = _mm_min_epu32(a, _mm_shuffle_epi32(a, 0x4e));
  a = _mm_min_epu32(a, _mm_shuffle_epi32(a, 0xb1));
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(a));
}

HEDGEROW_AVX2 std::size_t Find(const std::uint32_t* words, std::size_t n, std::size_t from, std::uint32_t word) {
  const __m256i wanted = Broadcast(word);
  for (std::size_t i = from; i < n; i += 8) {
    const std::uint32_t hits = Bits(_mm256_cmpeq_epi32(Load(words + i), wanted));
    if (hits != 0) {
      const std::size_t at = i + static_cast<std::size_t>(std::countr_zero(hits));
      return at < n ? at : n;
    }
  }
  return n;
}

HEDGEROW_AVX2 bool Tally(const std::int32_t* ranks, const std::int32_t* anchor_ranks, std::size_t stride, std::uint32_t step,
           TallyRows rows) {
  return TallyLoop(ranks, anchor_ranks, stride, step, rows);
}

HEDGEROW_AVX2 void Scores(const std::uint32_t* counts, std::size_t stride, const std::uint32_t* class_counts, std::size_t classes,
            std::uint32_t records, ScoreTable table) {
  ScoreLoop(counts, stride, class_counts, classes, records, table);
}

}  // namespace

const Kernels* Avx2Kernels() {
  static constexpr Kernels kKernels{Rank, Mix, Nest, Part, Count, Smallest, Tally, Scores, Find};
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has ? &kKernels : nullptr;
}

}  // namespace hedgerow::forest

#endif
