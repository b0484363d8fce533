#include "forest/block.h"

#include <algorithm>
#include <numeric>

#include "datasets/result.h"

namespace hedgerow::forest {
namespace {

constexpr std::size_t kAhead = 24;

}  // namespace

void Block::Reset(std::size_t width, std::size_t capacity) {
  if (width != width_) {
    lines_.clear();
    width_ = width;
    lines_a_row_ = std::max<std::size_t>(PaddedTo(width) / kLanes, 1);
  }
  const std::size_t lines = lines_a_row_ * capacity;
  if (lines_.size() < lines) lines_.resize(lines);
  // Arrays of tags may be read and written up to a whole register.
  if (tags_.size() < PaddedTo(capacity) + kLanes) tags_.resize(PaddedTo(capacity) + kLanes);
  if (slots_.size() < capacity) slots_.resize(capacity);
}

BlockRange BlockPair::Load(const Records& records, std::span<const Slot> slots, std::span<std::uint32_t> class_counts) {
  return LoadRows({records.row(0), records.row_stride(), records.width(), slots.data()}, slots, class_counts);
}

BlockRange BlockPair::LoadCopies(const Records& records, const ZeroingVector<Cell>& rows, std::span<const Slot> slots,
                                 std::span<std::uint32_t> class_counts) {
  std::vector<std::uint32_t> numbers(slots.size());
  std::iota(numbers.begin(), numbers.end(), 0U);
  return LoadRows({rows.data(), records.row_stride(), records.width(), numbers.data()}, slots, class_counts);
}

BlockRange BlockPair::LoadRows(const Rows& rows, std::span<const Slot> slots, std::span<std::uint32_t> class_counts) {
  const std::size_t n = slots.size();
  row_stride_ = std::max(PaddedTo(rows.width), kLanes);
  for (Block& block : blocks_) block.Reset(rows.width, n);
  std::fill(class_counts.begin(), class_counts.end(), 0U);
  // The rows lie anywhere in memory, so they are asked for some time before they are read.
  for (std::size_t i = 0; i < std::min(kAhead, n); ++i) rows.Prefetch(i);
  for (std::size_t i = 0; i < n; ++i) {
    if (i + kAhead < n) rows.Prefetch(i + kAhead);
    ++class_counts[rows.label(i)];
  }
  // Counting sort by class: next[y] is where the next record of class y goes.
  std::uint32_t next[datasets::kMaxClasses];
  std::exclusive_scan(class_counts.begin(), class_counts.end(), next, 0U);
  Block& block = blocks_[0];
  places_.resize(std::max(places_.size(), n));
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t to = next[rows.label(i)]++;
    block.slots()[to] = slots[i];
    block.tags()[to] = rows.tag(i);
    places_[i] = to;
  }
  if (n != 0) {
    BestKernels().gather({.table = rows.table,
                          .table_stride = rows.stride,
                          .width = rows.width,
                          .slots = rows.numbers,
                          .to = places_.data(),
                          .n = n,
                          .rows = block.row(0),
                          .row_stride = row_stride_});
  }
  return {0, 0, static_cast<std::uint32_t>(n), class_counts.data()};
}

void BlockPair::Partition(const BlockRange& range, const Split& split, std::uint32_t lefts) {
  HEDGEROW_CHECK(range.size > 0 && lefts <= range.size, "a split sends more records left than there are");
  const Block& from = blocks_[range.side];
  Block& to = blocks_[1 - range.side];
  const std::size_t went = BestKernels().part({.rows = from.row(range.begin),
                                               .to_rows = to.row(range.begin),
                                               .tags = from.tags() + range.begin,
                                               .to_tags = to.tags() + range.begin,
                                               .slots = from.slots() + range.begin,
                                               .to_slots = to.slots() + range.begin,
                                               .row_stride = row_stride_,
                                               .n = range.size,
                                               .lefts = lefts,
                                               .split = split});
  HEDGEROW_CHECK(went == lefts, "a split does not send as many records left as were counted");
}

}  // namespace hedgerow::forest
