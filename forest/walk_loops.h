// The rounds of a walk, written once for each way to answer a tile (walk.h).
//
// Thread rule: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>

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

}  // namespace hedgerow::forest::loops
