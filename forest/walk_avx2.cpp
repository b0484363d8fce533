// The AVX2 form of the walk: a tile a register (walk.h).
//
// The cells are fetched one by one: a gather instruction is several times slower on the machines measured.
#if defined(__x86_64__)

#include <immintrin.h>

#include "forest/walk_loops.h"

#define HEDGEROW_AVX2 __attribute__((target("avx2,bmi,popcnt")))

namespace hedgerow::forest {
namespace {

HEDGEROW_AVX2 inline __m256i LoadAligned(const void* from) {
  return _mm256_load_si256(static_cast<const __m256i*>(from));
}

// Mix32 (hash.h) of eight words.
HEDGEROW_AVX2 inline __m256i Mix(__m256i x) {
  x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 16));
  x = _mm256_mullo_epi32(x, _mm256_set1_epi32(0x21f0aaad));
  x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 15));
  x = _mm256_mullo_epi32(x, _mm256_set1_epi32(0x735a2d97));
  return _mm256_xor_si256(x, _mm256_srli_epi32(x, 15));
}

HEDGEROW_AVX2 inline std::uint32_t ExitOf(const Tile& tile, const datasets::Cell* row) {
  const std::uint16_t* a = tile.attributes;
  const __m256i cells =
      _mm256_setr_epi32(row[a[0]], row[a[1]], row[a[2]], row[a[3]], row[a[4]], row[a[5]], row[a[6]], row[a[7]]);
  const __m256i words = LoadAligned(tile.words);
  const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i flags = _mm256_and_si256(_mm256_set1_epi32(static_cast<int>(tile.categorical)), bits);
  const __m256i numbers = _mm256_sub_epi32(cells, words);
  const __m256i ranks = _mm256_blendv_epi8(Mix(_mm256_xor_si256(cells, words)), numbers,
                                           _mm256_cmpeq_epi32(flags, _mm256_setzero_si256()));
  const __m256i rights = _mm256_cmpgt_epi32(ranks, LoadAligned(tile.thresholds));
  const auto answers = static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(rights)));
  return kExitOf[answers & (kExitOf.size() - 1)];
}

HEDGEROW_AVX2 void WalkAvx2(const WalkTask& task) {
  loops::WalkInGroups<kNarrowGroup, 1>(task, [row = task.row](const Tile* const* tiles, std::uint32_t* exits)
                                                 HEDGEROW_AVX2 { exits[0] = ExitOf(*tiles[0], row); });
}

HEDGEROW_AVX2 void WalkRowsAvx2(const RowsTask& task) {
  loops::WalkAllRows<1>(
      task, [&block = *task.block](const Tile* const* tiles, const std::uint32_t* rows, std::uint32_t* exits)
                HEDGEROW_AVX2 { exits[0] = ExitOf(*tiles[0], block.row(rows[0])); });
}

}  // namespace

RowsWalk Avx2RowsWalk() {
  return Avx2Walk() != nullptr ? WalkRowsAvx2 : nullptr;
}

Walk Avx2Walk() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
  return has ? WalkAvx2 : nullptr;
}

}  // namespace hedgerow::forest

#endif
