// The rounds of the walks, written once for each way to answer a tile (walk.h).
//
// Thread rule: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "forest/walk.h"

namespace hedgerow::forest::loops {

inline void PrefetchTile(const Tile* tile) {
  __builtin_prefetch(tile);
  __builtin_prefetch(reinterpret_cast<const char*>(tile) + sizeof(Tile) / 2);
}

// Rows, or trees, that are under way: the numbers of the first `size`, and where they go on to. Behind them is room for
// the company of the last, where they are taken by twos.
template <std::size_t kMost>
struct Active {
  static constexpr std::size_t kRoom = kMost + 16;
  std::uint32_t numbers[kRoom];
  Link links[kRoom];
  std::size_t size = 0;

  // All of so many.
  void Begin(std::size_t count) {
    std::iota(numbers, numbers + count, 0U);
    size = count;
  }
  // They go on: `at` (a link a number) says where they are then, and those that have come to a leaf leave the list.
  // That is a pass of its own: if what is written behind a step went where the exits before it say, the processor would
  // not begin the next step before it knew them.
  [[gnu::always_inline]] void GoOn(Link* at) {
    std::size_t left = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint32_t number = numbers[i];
      at[number] = links[i];
      numbers[left] = number;
      left += IsLeafLink(links[i]) ? 0 : 1;
    }
    size = left;
  }
};
using ActiveRows = Active<RowBlock::kRows>;

// Takes the row down up to kTreesTogether trees together, a tile a round, which is asked for a round before.
// `step(tiles, exits)` finds the exits of kTogether tiles.
template <std::size_t kTogether, class Step>
[[gnu::always_inline]] inline void WalkInRounds(const WalkTask& task, const Step& step) {
  Active<kTreesTogether> active;
  const Tile* tiles[kTreesTogether + kTogether];
  for (std::size_t first = 0; first < task.trees; first += kTreesTogether) {
    const TreeTop* const tops = task.tops + first;
    Link* const leaves = task.leaves + first;
    active.Begin(std::min(kTreesTogether, task.trees - first));
    for (std::size_t i = 0; i < active.size; ++i) active.links[i] = tops[i].top;
    while (true) {
      active.GoOn(leaves);
      if (active.size == 0) break;
      for (std::size_t i = 0; i < active.size; ++i) {
        const std::uint32_t tree = active.numbers[i];
        tiles[i] = tops[tree].tiles + leaves[tree];
        PrefetchTile(tiles[i]);
      }
      for (std::size_t i = active.size; i % kTogether != 0; ++i) tiles[i] = &kEmptyTile;
      for (std::size_t i = 0; i < active.size; i += kTogether) {
        std::uint32_t exits[kTogether];
        step(tiles + i, exits);
#pragma GCC unroll 4
        for (std::size_t k = 0; k < kTogether; ++k) active.links[i + k] = tiles[i + k]->links[exits[k]];
      }
    }
  }
}

// Takes the active rows to their leaves, from the tiles that `at` (a link a row) says. `step(tiles, rows, exits)` finds
// the exits of kTogether rows.
template <std::size_t kTogether, class Step>
[[gnu::always_inline]] inline void WalkActiveRows(const Tile* tree, ActiveRows& active, Link* at, const Step& step) {
  while (active.size != 0) {
    for (std::size_t i = active.size; i % kTogether != 0; ++i) active.numbers[i] = active.numbers[i - 1];
    for (std::size_t i = 0; i < active.size; i += kTogether) {
      std::uint32_t rows[kTogether], exits[kTogether];
      const Tile* tiles[kTogether];
#pragma GCC unroll 4
      for (std::size_t k = 0; k < kTogether; ++k) {
        rows[k] = active.numbers[i + k];
        tiles[k] = tree + at[rows[k]];
      }
      step(tiles, rows, exits);
#pragma GCC unroll 4
      for (std::size_t k = 0; k < kTogether; ++k) active.links[i + k] = tiles[k]->links[exits[k]];
    }
    active.GoOn(at);
    for (std::size_t i = 0; i < active.size; ++i) PrefetchTile(tree + at[active.numbers[i]]);
  }
}

// The same for all rows of a block. `begin(active)` asks the tree's top, or leaves it to the first round.
template <std::size_t kTogether, class Begin, class Step>
[[gnu::always_inline]] inline void WalkAllRows(const RowsTask& task, const Begin& begin, const Step& step) {
  if (IsLeafLink(task.tree.top)) {
    std::fill_n(task.leaves, task.block->count(), task.tree.top);
    return;
  }
  ActiveRows active;
  begin(active);
  WalkActiveRows<kTogether>(task.tree.tiles, active, task.leaves, step);
}

}  // namespace hedgerow::forest::loops
