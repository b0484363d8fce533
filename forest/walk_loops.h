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

// Takes the row down kGroup trees at a time, a tile a round. `step(tiles, exits)` finds the exits of kTogether
// tiles. Another form of the loop, which drops trees that have come to their leaves, costs more than it saves.
template <std::size_t kGroup, std::size_t kTogether, class Step>
[[gnu::always_inline]] inline void WalkInGroups(const WalkTask& task, const Step& step) {
  static_assert(kGroup % kTogether == 0);
  for (std::size_t first = 0; first < task.trees; first += kGroup) {
    const std::size_t n = std::min(kGroup, task.trees - first);
    const Tile* trees[kGroup];
    Link at[kGroup];
    for (std::size_t g = 0; g < kGroup; ++g) {
      const TreeTop& top = task.tops[first + std::min(g, n - 1)];
      trees[g] = top.tiles;
      at[g] = top.top;
    }
    while (true) {
      Link all = at[0];
      for (std::size_t g = 1; g < kGroup; ++g) all &= at[g];
      if (IsLeafLink(all)) break;
#pragma GCC unroll 16
      for (std::size_t g = 0; g < kGroup; g += kTogether) {
        const Tile* tiles[kTogether];
        std::uint32_t exits[kTogether];
        for (std::size_t i = 0; i < kTogether; ++i) {
          tiles[i] = IsLeafLink(at[g + i]) ? &kEmptyTile : trees[g + i] + at[g + i];
        }
        step(tiles, exits);
        for (std::size_t i = 0; i < kTogether; ++i) {
          const Link next = tiles[i]->links[exits[i]];
          at[g + i] = IsLeafLink(at[g + i]) ? at[g + i] : next;
        }
      }
    }
    std::copy(at, at + n, task.leaves + first);
  }
}

// Rows on their way: the first `size` of `rows` have not come to a leaf. One more stands behind them as company for
// the last, where they are taken by twos.
struct ActiveRows {
  std::uint32_t rows[RowBlock::kRows + RowBlock::kWords];
  std::size_t size = 0;
};

// Takes the active rows to their leaves, from the tiles that `at` (a link a row) says. `step(tiles, rows, exits)` finds
// the exits of kTogether rows. Who arrives leaves the list, in place: what is written has been read.
template <std::size_t kTogether, class Step>
[[gnu::always_inline]] inline void WalkActiveRows(const Tile* tree, ActiveRows& active, Link* at, const Step& step) {
  while (active.size != 0) {
    for (std::size_t i = active.size; i % kTogether != 0; ++i) active.rows[i] = active.rows[i - 1];
    std::size_t left = 0;
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
      for (std::size_t k = 0; k < kTogether; ++k) {
        const Link link = tiles[k]->links[exits[k]];
        at[rows[k]] = link;
        active.rows[left] = rows[k];
        left += !IsLeafLink(link) && i + k < active.size ? 1 : 0;
      }
    }
    active.size = left;
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
