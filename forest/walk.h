// One row's way down many trees, and many rows' way down one tree: the inner loops of prediction.
//
// A row walks many trees together, so that one waits for memory while others go on. Many rows walk one tree, which
// stays in the cache. Those that have come to a leaf are left out of the next round. A tile answers seven nodes at
// once in vector registers where the machine has AVX2 or AVX-512. All forms find the same leaves; which one runs is
// chosen once, at start-up.
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>

#include "datasets/cell.h"
#include "forest/layout_tile.h"
#include "forest/row_block.h"

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
// As many as it takes down together; more take turns.
inline constexpr std::size_t kTreesTogether = 128;

struct RowsTask {
  TreeTop tree;
  const RowBlock* block = nullptr;
  Link* leaves = nullptr;  // a link a row; room for RowBlock::kRows
};

using RowsWalk = void (*)(const RowsTask& task);

RowsWalk PortableRowsWalk();
RowsWalk Avx2RowsWalk();
RowsWalk Avx512RowsWalk();
RowsWalk BestRowsWalk();

}  // namespace hedgerow::forest
