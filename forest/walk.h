// One row's way down many trees: the inner loop of prediction.
//
// The trees are walked together, so that one waits for memory while others go on. A tile answers seven nodes at once
// in vector registers where the machine has AVX2 or AVX-512. All forms find the same leaves; which one runs is chosen
// once, at start-up.
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>

#include "datasets/cell.h"
#include "forest/layout_tile.h"

namespace hedgerow::forest {

struct WalkTask {
  const TreeTop* tops = nullptr;
  std::size_t trees = 0;
  const datasets::Cell* row = nullptr;
  std::size_t width = 0;   // cells of the row
  Link* leaves = nullptr;  // a link a tree
};

using Walk = void (*)(const WalkTask& task);

Walk PortableWalk();
// Nothing where the machine does not have them.
Walk Avx2Walk();
Walk Avx512Walk();
// The fastest that this machine can run.
Walk BestWalk();

}  // namespace hedgerow::forest
