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

  HEDGEROW_AVX512 RowInRegisters(const RowBlock& block, std::size_t row) {
    for (std::size_t r = 0; r < kRegisters; ++r) words[r] = _mm512_load_si512(block.row(row) + r * kWords);
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

// The attributes of two tiles, a lane each.
HEDGEROW_AVX512 inline __m512i AttributesOf(const Tile& a, const Tile& b) {
  const __m128i first = _mm_load_si128(reinterpret_cast<const __m128i*>(a.attributes));
  const __m128i second = _mm_load_si128(reinterpret_cast<const __m128i*>(b.attributes));
  return _mm512_cvtepu16_epi32(_mm256_set_m128i(second, first));
}

HEDGEROW_AVX512 inline void ExitsOf(const Tile& a, const Tile& b, __m512i cells, std::uint32_t* exits) {
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
  loops::WalkInRounds<2>(task, [&row](const Tile* const* tiles, std::uint32_t* exits) HEDGEROW_AVX512 {
    const __m512i cells = row.Take(AttributesOf(*tiles[0], *tiles[1]));
    ExitsOf(*tiles[0], *tiles[1], cells, exits);
  });
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

// Which of sixteen rows, from `first`, a lane sends to the right.
HEDGEROW_AVX512 inline std::uint32_t RightsOf(const Tile& tile, std::size_t lane, const datasets::Cell* cells) {
  const __m512i words = _mm512_set1_epi32(static_cast<int>(tile.words[lane]));
  const __m512i x = _mm512_load_si512(cells);
  const __m512i ranks =
      (tile.categorical >> lane & 1U) != 0 ? Mix(_mm512_xor_si512(x, words)) : _mm512_sub_epi32(x, words);
  return _mm512_cmpgt_epi32_mask(ranks, _mm512_set1_epi32(tile.thresholds[lane]));
}

// All rows begin at the same tile: its lanes are asked one after the other, of sixteen rows at a time.
HEDGEROW_AVX512 inline void AskTop(const RowsTask& task, loops::ActiveRows& active) {
  constexpr std::size_t kRounds = RowBlock::kRows / kWords;
  const Tile& tile = task.tree.tiles[task.tree.top];
  const std::size_t count = task.block->count();
  const std::size_t rounds = (count + kWords - 1) / kWords;
  std::uint32_t rights[kTileLanes][kRounds];
  for (std::size_t lane = 0; lane < kTileLanes; ++lane) {
    const datasets::Cell* column = task.block->column(tile.attributes[lane]);
    for (std::size_t i = 0; i < rounds; ++i) rights[lane][i] = RightsOf(tile, lane, column + i * kWords);
  }
  const __m512i links = _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(tile.links)));
  const __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (std::size_t i = 0; i < rounds; ++i) {
    const auto at = [&](std::size_t lane) { return rights[lane][i]; };
    const std::uint32_t first = at(0);
    const std::uint32_t second = (first & at(2)) | (~first & at(1));
    const std::uint32_t third =
        (first & ((second & at(6)) | (~second & at(5)))) | (~first & ((second & at(4)) | (~second & at(3))));
    __m512i exits = _mm512_maskz_set1_epi32(static_cast<__mmask16>(first), 4);
    exits = _mm512_mask_add_epi32(exits, static_cast<__mmask16>(second), exits, _mm512_set1_epi32(2));
    exits = _mm512_mask_add_epi32(exits, static_cast<__mmask16>(third), exits, _mm512_set1_epi32(1));
    const __m512i next = _mm512_permutexvar_epi32(exits, links);
    _mm512_storeu_si512(task.leaves + i * kWords, next);
    const std::size_t n = std::min(kWords, count - i * kWords);
    const auto real = static_cast<__mmask16>((1U << n) - 1);
    const __mmask16 goes_on = _mm512_mask_cmpge_epi32_mask(real, next, _mm512_setzero_si512());
    const __m512i rows = _mm512_add_epi32(places, _mm512_set1_epi32(static_cast<int>(i * kWords)));
    _mm512_storeu_si512(active.numbers + active.size, _mm512_maskz_compress_epi32(goes_on, rows));
    active.size += static_cast<std::size_t>(__builtin_popcount(goes_on));
  }
}

template <std::size_t kRegisters>
HEDGEROW_AVX512 void WalkRows(const RowsTask& task) {
  constexpr __mmask16 kSecond = 0xff00;
  loops::WalkAllRows<2>(
      task, [&task](loops::ActiveRows& active) HEDGEROW_AVX512 { AskTop(task, active); },
      [&block = *task.block](const Tile* const* tiles, const std::uint32_t* rows, std::uint32_t* exits)
          HEDGEROW_AVX512 {
            const RowInRegisters<kRegisters> first(block, rows[0]), second(block, rows[1]);
            const __m512i attributes = AttributesOf(*tiles[0], *tiles[1]);
            const __m512i cells = _mm512_mask_mov_epi32(first.Take(attributes), kSecond, second.Take(attributes));
            ExitsOf(*tiles[0], *tiles[1], cells, exits);
          });
}

void WalkRowsAvx512(const RowsTask& task) {
  switch (task.block->stride() / kWords) {
    case 1:
      return WalkRows<1>(task);
    case 2:
      return WalkRows<2>(task);
    case 4:
      return WalkRows<4>(task);
    default:
      return Avx2RowsWalk()(task);
  }
}

}  // namespace

RowsWalk Avx512RowsWalk() {
  return Avx512Walk() != nullptr ? WalkRowsAvx512 : nullptr;
}

Walk Avx512Walk() {
  static const bool has = Avx2Walk() != nullptr && __builtin_cpu_supports("avx512f") &&
                          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq");
  return has ? WalkAvx512 : nullptr;
}

}  // namespace hedgerow::forest

#endif
