#include "forest/walk.h"

#include "forest/hash.h"
#include "forest/walk_loops.h"

namespace hedgerow::forest {
namespace {

// Lane by lane, from one level to the next. Which way a row goes cannot be foreseen, so nothing here is a jump.
std::uint32_t ExitOf(const Tile& tile, const datasets::Cell* row) {
  std::uint32_t place = 0;
  while (place < kTileLanes) {
    const auto x = static_cast<std::uint32_t>(row[tile.attributes[place]]);
    const std::uint32_t word = tile.words[place];
    const std::uint32_t categorical = 0U - ((tile.categorical >> place) & 1U);
    const std::uint32_t rank = (Mix32(x ^ word) & categorical) | ((x - word) & ~categorical);
    place = 2 * place + 1 + (static_cast<std::int32_t>(rank) > tile.thresholds[place] ? 1U : 0U);
  }
  return place - kTileLanes;
}

void WalkPortably(const WalkTask& task) {
  loops::WalkInRounds<1>(
      task, [row = task.row](const Tile* const* tiles, std::uint32_t* exits) { exits[0] = ExitOf(*tiles[0], row); });
}

void WalkRowsPortably(const RowsTask& task) {
  const auto begin = [&task](loops::ActiveRows& active) {
    active.Begin(task.block->count());
    std::fill_n(task.leaves, active.size, task.tree.top);
  };
  loops::WalkAllRows<1>(
      task, begin, [&block = *task.block](const Tile* const* tiles, const std::uint32_t* rows, std::uint32_t* exits) {
        exits[0] = ExitOf(*tiles[0], block.row(rows[0]));
      });
}

}  // namespace

Walk PortableWalk() {
  return WalkPortably;
}
RowsWalk PortableRowsWalk() {
  return WalkRowsPortably;
}

Walk BestWalk() {
  static const Walk best = Avx512Walk() != nullptr ? Avx512Walk() : Avx2Walk() != nullptr ? Avx2Walk() : PortableWalk();
  return best;
}

RowsWalk BestRowsWalk() {
  static const RowsWalk best = Avx512RowsWalk() != nullptr ? Avx512RowsWalk()
                               : Avx2RowsWalk() != nullptr ? Avx2RowsWalk()
                                                           : PortableRowsWalk();
  return best;
}

#if !defined(__x86_64__)
Walk Avx2Walk() {
  return nullptr;
}
Walk Avx512Walk() {
  return nullptr;
}
RowsWalk Avx2RowsWalk() {
  return nullptr;
}
RowsWalk Avx512RowsWalk() {
  return nullptr;
}
#endif

}  // namespace hedgerow::forest
