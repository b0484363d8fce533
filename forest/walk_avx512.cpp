// The AVX-512 form of the walk: two trees' tiles a register, and rows of up to 64 cells in registers too (walk.h).
#if defined(__x86_64__)

#include <immintrin.h>

#include "forest/walk_loops.h"

#if defined(__clang__)  // which knows no preferred width here, and would ignore all of it
#define HEDGEROW_AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,bmi,bmi2,popcnt")))
#else
#define HEDGEROW_AVX512 \
  __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,bmi,bmi2,popcnt,prefer-vector-width=512")))
#endif

namespace hedgerow::forest {
namespace {

constexpr std::size_t kWords = 16;  // a register

// A row in kRegisters registers, from which a lane takes the cell of its attribute.
template <std::size_t kRegisters>
struct RowInRegisters {
  __m512i words[kRegisters];

  HEDGEROW_AVX512 explicit RowInRegisters(const WalkTask& task) {
    for (std::size_t r = 0; r < kRegisters; ++r) {
      const std::size_t n = task.width > r * kWords ? std::min(kWords, task.width - r * kWords) : 0;
      const auto mask = static_cast<__mmask16>((1U << n) - 1);
      words[r] = _mm512_maskz_loadu_epi32(mask, task.row + std::min(task.width, r * kWords));
    }
  }

  HEDGEROW_AVX512 __m512i Take(__m512i attributes) const {
    if constexpr (kRegisters == 1) {
      return _mm512_permutexvar_epi32(attributes, words[0]);
    } else {
      __m512i cells = _mm512_permutex2var_epi32(words[0], attributes, words[1]);
      if constexpr (kRegisters == 4) {
        const __m512i high = _mm512_permutex2var_epi32(words[2], attributes, words[3]);
        const __mmask16 in_high = _mm512_test_epi32_mask(attributes, _mm512_set1_epi32(2 * kWords));
        cells = _mm512_mask_mov_epi32(cells, in_high, high);
      }
      return cells;
    }
  }
};

HEDGEROW_AVX512 inline __m512i Pair(const void* first, const void* second) {
  const __m512i low = _mm512_castsi256_si512(_mm256_load_si256(static_cast<const __m256i*>(first)));
  return _mm512_inserti32x8(low, _mm256_load_si256(static_cast<const __m256i*>(second)), 1);
}

// Mix32 (hash.h) of sixteen words.
HEDGEROW_AVX512 inline __m512i Mix(__m512i x) {
  x = _mm512_xor_si512(x, _mm512_srli_epi32(x, 16));
  x = _mm512_mullo_epi32(x, _mm512_set1_epi32(0x21f0aaad));
  x = _mm512_xor_si512(x, _mm512_srli_epi32(x, 15));
  x = _mm512_mullo_epi32(x, _mm512_set1_epi32(0x735a2d97));
  return _mm512_xor_si512(x, _mm512_srli_epi32(x, 15));
}

template <std::size_t kRegisters>
HEDGEROW_AVX512 inline void ExitsOf(const Tile& a, const Tile& b, const RowInRegisters<kRegisters>& row,
                                    std::uint32_t* exits) {
  const __m128i first = _mm_load_si128(reinterpret_cast<const __m128i*>(a.attributes));
  const __m128i second = _mm_load_si128(reinterpret_cast<const __m128i*>(b.attributes));
  const __m512i attributes = _mm512_cvtepu16_epi32(_mm256_set_m128i(second, first));
  const __m512i cells = row.Take(attributes);
  const __m512i words = Pair(a.words, b.words);
  const auto categorical = static_cast<__mmask16>(a.categorical | (b.categorical << 8));
  const __m512i ranks =
      _mm512_mask_mov_epi32(_mm512_sub_epi32(cells, words), categorical, Mix(_mm512_xor_si512(cells, words)));
  const std::uint32_t answers = _mm512_cmpgt_epi32_mask(ranks, Pair(a.thresholds, b.thresholds));
  exits[0] = kExitOf[answers & (kExitOf.size() - 1)];
  exits[1] = kExitOf[(answers >> 8) & (kExitOf.size() - 1)];
}

template <std::size_t kRegisters>
HEDGEROW_AVX512 void WalkRow(const WalkTask& task) {
  const RowInRegisters<kRegisters> row(task);
  loops::WalkInGroups<10, 2>(task, [&row](const Tile* const* tiles, std::uint32_t* exits)
                                       HEDGEROW_AVX512 { ExitsOf(*tiles[0], *tiles[1], row, exits); });
}

void WalkAvx512(const WalkTask& task) {
  if (task.width <= kWords) {
    WalkRow<1>(task);
  } else if (task.width <= 2 * kWords) {
    WalkRow<2>(task);
  } else if (task.width <= 4 * kWords) {
    WalkRow<4>(task);
  } else {
    Avx2Walk()(task);
  }
}

}  // namespace

Walk Avx512Walk() {
  static const bool has = Avx2Walk() != nullptr && __builtin_cpu_supports("avx512f") &&
                          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq");
  return has ? WalkAvx512 : nullptr;
}

}  // namespace hedgerow::forest

#endif
