#include "forest/row_block.h"

#include <algorithm>

#include "datasets/result.h"

namespace hedgerow::forest {

namespace {

// One, two or four registers, or as many as it takes.
std::size_t StrideOf(std::size_t width) {
  const std::size_t registers = std::max<std::size_t>((width + RowBlock::kWords - 1) / RowBlock::kWords, 1);
  return (registers == 3 ? 4 : registers) * RowBlock::kWords;
}

}  // namespace

RowBlock::RowBlock(std::size_t width)
    : width_(width),
      stride_(StrideOf(width)),
      rows_(stride_ * kRows),
      columns_(std::max<std::size_t>(width, 1) * kRows) {}

void RowBlock::Load(const datasets::Cell* rows, std::size_t count) {
  HEDGEROW_CHECK(count <= kRows, "a block of rows is too large");
  count_ = count;
  for (std::size_t i = 0; i < count; ++i) {
    const datasets::Cell* row = rows + i * width_;
    std::copy_n(row, width_, rows_.data() + i * stride_);
    for (std::size_t a = 0; a < width_; ++a) columns_[a * kRows + i] = row[a];
  }
}

void RowBlock::Keep(std::span<const std::uint16_t> rows) {
  count_ = rows.size();
  for (std::size_t to = 0; to < rows.size(); ++to) {
    if (rows[to] != to) std::copy_n(row(rows[to]), stride_, rows_.data() + to * stride_);
  }
  for (std::size_t a = 0; a < width_; ++a) {
    datasets::Cell* column = columns_.data() + a * kRows;
    for (std::size_t to = 0; to < rows.size(); ++to) column[to] = column[rows[to]];
  }
}

void ForEachBlock(const datasets::Cell* rows, std::size_t count, std::size_t width, Executor& executor,
                  const std::function<void(std::size_t, RowBlock&)>& body) {
  executor.ParallelFor((count + RowBlock::kRows - 1) / RowBlock::kRows, [&](std::size_t task) {
    const std::size_t begin = task * RowBlock::kRows;
    RowBlock block(width);
    block.Load(rows + begin * width, std::min(RowBlock::kRows, count - begin));
    body(begin, block);
  });
}

}  // namespace hedgerow::forest
