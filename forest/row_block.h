// Rows that go down the trees together: side by side, and turned into columns (walk.h, WalkRows).
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "datasets/cell.h"
#include "forest/executor.h"
#include "forest/zeroing.h"

namespace hedgerow::forest {

class RowBlock {
 public:
  static constexpr std::size_t kRows = 256;
  static constexpr std::size_t kWords = 16;  // rows are padded to so many, which begin a line of the cache

  explicit RowBlock(std::size_t width);
  // Takes `count` rows, up to kRows, one after the other.
  void Load(const datasets::Cell* rows, std::size_t count);

  // Keeps these rows, ascending, and no others.
  void Keep(std::span<const std::uint16_t> rows);

  std::size_t width() const { return width_; }
  std::size_t stride() const { return stride_; }
  std::size_t count() const { return count_; }
  const datasets::Cell* row(std::size_t i) const { return rows_.data() + i * stride_; }
  // kRows cells of an attribute; those behind `count` mean nothing.
  const datasets::Cell* column(std::size_t attribute) const { return columns_.data() + attribute * kRows; }

 private:
  std::size_t width_, stride_, count_ = 0;
  ZeroingVector<datasets::Cell> rows_, columns_;
};

// Calls `body` with the number of a block's first row and the block, for all of the rows.
void ForEachBlock(const datasets::Cell* rows, std::size_t count, std::size_t width, Executor& executor,
                  const std::function<void(std::size_t begin, RowBlock& block)>& body);

}  // namespace hedgerow::forest
