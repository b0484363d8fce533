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

// Takes the row down up to kTrees trees together, a tile a round, which is asked for a round before. `step(tiles,
// exits)` finds the exits of kTogether tiles. Trees that have come to a leaf leave the list.
//
// That is a pass of its own, here and below: if what is written behind a step went where the exits before it say, the
// processor would not begin the next step before it knew them.
template <std::size_t kTrees, std::size_t kTogether, class Step>
[[gnu::always_inline]] inline void WalkInRounds(const WalkTask& task, const Step& step) {
  const Tile* tiles[kTrees + kTogether];
  Link links[kTrees + kTogether];
  std::uint32_t trees[kTrees];
  for (std::size_t first = 0; first < task.trees; first += kTrees) {
    const TreeTop* const tops = task.tops + first;
    Link* const leaves = task.leaves + first;
    std::size_t active = std::min(kTrees, task.trees - first);
    for (std::size_t i = 0; i < active; ++i) {
      trees[i] = static_cast<std::uint32_t>(i);
      links[i] = tops[i].top;
    }
    while (true) {
      std::size_t left = 0;
      for (std::size_t i = 0; i < active; ++i) {
        const std::uint32_t tree = trees[i];
        leaves[tree] = links[i];
        trees[left] = tree;
        left += IsLeafLink(links[i]) ? 0 : 1;
      }
      active = left;
      if (active == 0) break;
      for (std::size_t i = 0; i < active; ++i) {
        tiles[i] = tops[trees[i]].tiles + leaves[trees[i]];
        PrefetchTile(tiles[i]);
      }
      for (std::size_t i = active; i % kTogether != 0; ++i) tiles[i] = &kEmptyTile;
      for (std::size_t i = 0; i < active; i += kTogether) {
        std::uint32_t exits[kTogether];
        step(tiles + i, exits);
#pragma GCC unroll 4
        for (std::size_t k = 0; k < kTogether; ++k) links[i + k] = tiles[i + k]->links[exits[k]];
      }
    }
  }
}

// Rows on their way: the first `size` of `rows` have not come to a leaf. One more stands behind them as company for
// the last, where they are taken by twos.
struct ActiveRows {
  static constexpr std::size_t kRoom = RowBlock::kRows + RowBlock::kWords;
  std::uint32_t rows[kRoom];
  Link links[kRoom];  // to which they go on
  std::size_t size = 0;
};

// Takes the active rows to their leaves, from the tiles that `at` (a link a row) says. `step(tiles, rows, exits)` finds
// the exits of kTogether rows. Who arrives leaves the list.
template <std::size_t kTogether, class Step>
[[gnu::always_inline]] inline void WalkActiveRows(const Tile* tree, ActiveRows& active, Link* at, const Step& step) {
  while (active.size != 0) {
    for (std::size_t i = active.size; i % kTogether != 0; ++i) active.rows[i] = active.rows[i - 1];
    for (std::size_t i = 0; i < active.size; i += kTogether) {
      std::uint32_t rows[kTogether], exits[kTogether];
      const Tile* tiles[kTogether];
#pragma GCC unroll 4
      for (std::size_t k = 0; k < kTogether; ++k) {
        rows[k] = active.rows[i + k];
        tiles[k] = tree + at[rows[k]];
      }
      step(tiles, rows, exits);
#pragma GCC unroll 4
      for (std::size_t k = 0; k < kTogether; ++k) active.links[i + k] = tiles[k]->links[exits[k]];
    }
    std::size_t left = 0;
    for (std::size_t i = 0; i < active.size; ++i) {
      const std::uint32_t row = active.rows[i];
      at[row] = active.links[i];
      active.rows[left] = row;
      left += IsLeafLink(active.links[i]) ? 0 : 1;
    }
    active.size = left;
    for (std::size_t i = 0; i < left; ++i) PrefetchTile(tree + at[active.rows[i]]);
  }
}

// The same for all rows of a block, from the tree's top.
template <std::size_t kTogether, class Step>
[[gnu::always_inline]] inline void WalkAllRows(const RowsTask& task, const Step& step) {
  ActiveRows active;
  const std::size_t count = task.block->count();
  std::fill_n(task.leaves, count, task.tree.top);
  if (IsLeafLink(task.tree.top)) return;
  std::iota(active.rows, active.rows + count, 0U);
  active.size = count;
  WalkActiveRows<kTogether>(task.tree.tiles, active, task.leaves, step);
}

}  // namespace hedgerow::forest::loops
