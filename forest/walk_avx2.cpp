// The AVX2 form of the walk: a tile a register, and rows of up to 32 cells in registers too (walk.h).
//
// Cells of longer rows are fetched one by one: a gather instruction is several times slower on the machines measured.
#if defined(__x86_64__)

#include <immintrin.h>

#include "forest/walk_loops.h"

#define HEDGEROW_AVX2 __attribute__((target("avx2,bmi,popcnt")))

namespace hedgerow::forest {
namespace {

constexpr std::size_t kWords = 8;  // a register

HEDGEROW_AVX2 inline __m256i LoadAligned(const void* from) {
  return _mm256_load_si256(static_cast<const __m256i*>(from));
}
HEDGEROW_AVX2 inline __m256i Load(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
HEDGEROW_AVX2 inline void Store(void* to, __m256i words) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), words);
}
HEDGEROW_AVX2 inline __m256i All(std::uint32_t word) {
  return _mm256_set1_epi32(static_cast<int>(word));
}

// `yes` where the highest bit of `choice` is set, else `no`.
HEDGEROW_AVX2 inline __m256i Choose(__m256i no, __m256i yes, __m256i choice) {
  return _mm256_castps_si256(
      _mm256_blendv_ps(_mm256_castsi256_ps(no), _mm256_castsi256_ps(yes), _mm256_castsi256_ps(choice)));
}

// Mix32 (hash.h) of eight words.
HEDGEROW_AVX2 inline __m256i Mix(__m256i x) {
  x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 16));
  x = _mm256_mullo_epi32(x, _mm256_set1_epi32(0x21f0aaad));
  x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 15));
  x = _mm256_mullo_epi32(x, _mm256_set1_epi32(0x735a2d97));
  return _mm256_xor_si256(x, _mm256_srli_epi32(x, 15));
}

// A row in kRegisters registers, from which a lane takes the cell of its attribute.
template <std::size_t kRegisters>
struct RowInRegisters {
  __m256i words[kRegisters];

  HEDGEROW_AVX2 explicit RowInRegisters(const WalkTask& task) {
    alignas(32) datasets::Cell padded[kRegisters * kWords] = {};
    std::copy_n(task.row, task.width, padded);
    for (std::size_t r = 0; r < kRegisters; ++r) words[r] = LoadAligned(padded + r * kWords);
  }

  HEDGEROW_AVX2 explicit RowInRegisters(const datasets::Cell* row) {
    for (std::size_t r = 0; r < kRegisters; ++r) words[r] = LoadAligned(row + r * kWords);
  }

  HEDGEROW_AVX2 __m256i CellsOf(const Tile& tile) const {
    const __m256i attributes = _mm256_cvtepu16_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(tile.attributes)));
    const auto of_pair = [&](std::size_t r) HEDGEROW_AVX2 {
      return Choose(_mm256_permutevar8x32_epi32(words[r], attributes),
                    _mm256_permutevar8x32_epi32(words[r + 1], attributes), _mm256_slli_epi32(attributes, 28));
    };
    if constexpr (kRegisters == 2) {
      return of_pair(0);
    } else {
      return Choose(of_pair(0), of_pair(2), _mm256_slli_epi32(attributes, 27));
    }
  }
};

// A row of any length in memory.
struct RowInMemory {
  const datasets::Cell* row;

  HEDGEROW_AVX2 __m256i CellsOf(const Tile& tile) const {
    const std::uint16_t* a = tile.attributes;
    return _mm256_setr_epi32(row[a[0]], row[a[1]], row[a[2]], row[a[3]], row[a[4]], row[a[5]], row[a[6]], row[a[7]]);
  }
};

template <class Row>
HEDGEROW_AVX2 inline std::uint32_t ExitOf(const Tile& tile, const Row& row) {
  const __m256i cells = row.CellsOf(tile);
  const __m256i words = LoadAligned(tile.words);
  // A lane's bit of `categorical` as its highest.
  const __m256i flags = _mm256_sllv_epi32(All(tile.categorical), _mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24));
  const __m256i ranks = Choose(_mm256_sub_epi32(cells, words), Mix(_mm256_xor_si256(cells, words)), flags);
  const __m256i rights = _mm256_cmpgt_epi32(ranks, LoadAligned(tile.thresholds));
  const auto answers = static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(rights)));
  return kExitOf[answers & (kExitOf.size() - 1)];
}

template <class Row>
HEDGEROW_AVX2 void WalkRow(const WalkTask& task, const Row& row) {
  loops::WalkInRounds<1>(task, [&row](const Tile* const* tiles, std::uint32_t* exits)
                                   HEDGEROW_AVX2 { exits[0] = ExitOf(*tiles[0], row); });
}

HEDGEROW_AVX2 void WalkAvx2(const WalkTask& task) {
  if (task.width <= 2 * kWords) {
    WalkRow(task, RowInRegisters<2>(task));
  } else if (task.width <= 4 * kWords) {
    WalkRow(task, RowInRegisters<4>(task));
  } else {
    WalkRow(task, RowInMemory{task.row});
  }
}

// Which of eight rows a lane sends to the right: all bits of theirs.
HEDGEROW_AVX2 inline __m256i RightsOf(const Tile& tile, std::size_t lane, const datasets::Cell* cells) {
  const __m256i words = All(tile.words[lane]);
  const __m256i x = LoadAligned(cells);
  const __m256i ranks =
      (tile.categorical >> lane & 1U) != 0 ? Mix(_mm256_xor_si256(x, words)) : _mm256_sub_epi32(x, words);
  return _mm256_cmpgt_epi32(ranks, _mm256_set1_epi32(tile.thresholds[lane]));
}

// All rows begin at the same tile: its lanes are asked one after the other, of eight rows at a time.
HEDGEROW_AVX2 inline void AskTop(const RowsTask& task, loops::ActiveRows& active) {
  constexpr std::size_t kRounds = RowBlock::kRows / kWords;
  const Tile& tile = task.tree.tiles[task.tree.top];
  const std::size_t count = task.block->count();
  const std::size_t rounds = (count + kWords - 1) / kWords;
  alignas(32) std::uint32_t rights[kTileLanes][kRounds * kWords];
  for (std::size_t lane = 0; lane < kTileLanes; ++lane) {
    const datasets::Cell* column = task.block->column(tile.attributes[lane]);
    for (std::size_t i = 0; i < rounds * kWords; i += kWords) Store(rights[lane] + i, RightsOf(tile, lane, column + i));
  }
  const __m256i links = Load(tile.links);
  for (std::size_t i = 0; i < rounds * kWords; i += kWords) {
    const auto at = [&](std::size_t lane) HEDGEROW_AVX2 { return LoadAligned(rights[lane] + i); };
    const __m256i first = at(0);
    const __m256i second = Choose(at(1), at(2), first);
    const __m256i third = Choose(Choose(at(3), at(4), second), Choose(at(5), at(6), second), first);
    const __m256i exits =
        _mm256_or_si256(_mm256_and_si256(first, All(4)),
                        _mm256_or_si256(_mm256_and_si256(second, All(2)), _mm256_and_si256(third, All(1))));
    Store(active.links + i, _mm256_permutevar8x32_epi32(links, exits));
  }
  active.Begin(count);
  active.GoOn(task.leaves);
}

template <class Row>
HEDGEROW_AVX2 void WalkRows(const RowsTask& task) {
  loops::WalkAllRows<1>(
      task, [&task](loops::ActiveRows& active) HEDGEROW_AVX2 { AskTop(task, active); },
      [&block = *task.block](const Tile* const* tiles, const std::uint32_t* rows, std::uint32_t* exits)
          HEDGEROW_AVX2 { exits[0] = ExitOf(*tiles[0], Row{block.row(rows[0])}); });
}

HEDGEROW_AVX2 void WalkRowsAvx2(const RowsTask& task) {
  if (task.block->stride() <= 2 * kWords) {
    WalkRows<RowInRegisters<2>>(task);
  } else if (task.block->stride() <= 4 * kWords) {
    WalkRows<RowInRegisters<4>>(task);
  } else {
    WalkRows<RowInMemory>(task);
  }
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
