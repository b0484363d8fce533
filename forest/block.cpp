#include "forest/block.h"

#include <algorithm>
#include <numeric>

namespace hedgerow::forest {

void Block::Reset(std::size_t width, std::size_t capacity) {
  // A range may be read up to kLanes words past its end.
  stride_ = PaddedTo(capacity) + kLanes;
  const std::size_t words = stride_ * (width + 2);
  if (words_.size() < words) words_.resize(words);
}

BlockRange BlockPair::Load(const Records& records, std::span<const Slot> slots,
                           std::span<std::uint32_t> class_counts) {
  const std::size_t n = slots.size();
  const std::size_t width = records.width();
  for (Block& block : blocks_) block.Reset(width, n);
  std::fill(class_counts.begin(), class_counts.end(), 0U);
  for (const Slot slot : slots) ++class_counts[records.label(slot)];

  // Counting sort by class: next[y] is where the next record of class y goes.
  std::uint32_t next[datasets::kMaxClasses];
  std::exclusive_scan(class_counts.begin(), class_counts.end(), next, 0U);
  Block& block = blocks_[0];
  for (const Slot slot : slots) block.slots()[next[records.label(slot)]++] = slot;
  for (std::size_t i = 0; i < n; ++i) {
    const Slot slot = block.slots()[i];
    block.tags()[i] = records.tag(slot);
    const Cell* row = records.row(slot);
    for (std::size_t a = 0; a < width; ++a) block.column(a)[i] = row[a];
  }
  return {0, 0, static_cast<std::uint32_t>(n), class_counts.data()};
}

std::uint32_t BlockPair::Partition(const BlockRange& range, const Split& split,
                                   std::span<const std::uint16_t> attributes, std::span<std::uint32_t> left_counts) {
  if (ranks_.size() < PaddedTo(range.size)) ranks_.resize(PaddedTo(range.size));
  BestKernels().rank(column(range, split.attribute), range.size, split.order, ranks_.data());
  return range.size <= kMaskBits ? PartitionByMask(range, split.threshold, attributes, left_counts)
                                 : PartitionByList(range, split.threshold, attributes, left_counts);
}

template <class Move>
void BlockPair::MoveColumns(const BlockRange& range, std::span<const std::uint16_t> attributes, const Move& move) {
  Block& to = blocks_[1 - range.side];
  const Block& from = blocks_[range.side];
  const auto words = [](auto* column) { return reinterpret_cast<std::uint32_t*>(column); };
  const auto const_words = [](const auto* column) { return reinterpret_cast<const std::uint32_t*>(column); };
  for (const std::uint16_t a : attributes) {
    move(const_words(from.column(a) + range.begin), words(to.column(a) + range.begin));
  }
  move(from.tags() + range.begin, to.tags() + range.begin);
  move(from.slots() + range.begin, to.slots() + range.begin);
}

std::uint32_t BlockPair::PartitionByMask(const BlockRange& range, std::int32_t threshold,
                                         std::span<const std::uint16_t> attributes,
                                         std::span<std::uint32_t> left_counts) {
  Mask mask;
  for (std::uint32_t i = 0; i < range.size; ++i) {
    mask.words[i / 64] |= static_cast<std::uint64_t>(ranks_[i] <= threshold ? 1 : 0) << (i % 64);
  }
  std::uint32_t begin = 0;
  for (std::size_t y = 0; y < left_counts.size(); ++y) {
    const std::uint32_t end = begin + range.class_counts[y];
    left_counts[y] = begin == end ? 0 : (mask & MaskOfRange(begin, end)).Count();
    begin = end;
  }
  const auto part = BestKernels().part;
  MoveColumns(range, attributes, [&](const std::uint32_t* source, std::uint32_t* target) {
    part(source, range.size, mask, target);
  });
  return mask.Count();
}

std::uint32_t BlockPair::PartitionByList(const BlockRange& range, std::int32_t threshold,
                                         std::span<const std::uint16_t> attributes,
                                         std::span<std::uint32_t> left_counts) {
  const std::uint32_t n = range.size;
  if (order_.size() < 2 * n) order_.resize(2 * n);
  // Branch-free: each record's number is written to both lists, and one of them moves on.
  std::uint32_t* left = order_.data();
  std::uint32_t* right = order_.data() + n;
  std::uint32_t lefts = 0;
  std::uint32_t rights = 0;
  std::uint32_t i = 0;
  for (std::size_t y = 0; y < left_counts.size(); ++y) {
    const std::uint32_t before = lefts;
    for (const std::uint32_t end = i + range.class_counts[y]; i < end; ++i) {
      const bool goes_left = ranks_[i] <= threshold;
      left[lefts] = i;
      right[rights] = i;
      lefts += goes_left ? 1U : 0U;
      rights += goes_left ? 0U : 1U;
    }
    left_counts[y] = lefts - before;
  }
  std::copy(right, right + rights, left + lefts);
  MoveColumns(range, attributes, [&](const std::uint32_t* source, std::uint32_t* target) {
    for (std::uint32_t k = 0; k < n; ++k) target[k] = source[left[k]];
  });
  return lefts;
}

}  // namespace hedgerow::forest
