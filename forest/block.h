// Records as columns, grouped by class: what growing works on.
//
// A range of a block belongs to one node. Its records stand in the order of their classes, so the records of a
// class are a run, and counting by class is counting runs. Splitting a range writes the left side's records and
// then the right side's to the same range of the other block of the pair; what is left of the first is scratch.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "forest/kernels.h"
#include "forest/records.h"

namespace hedgerow::forest {

class Block {
 public:
  // Room for `capacity` records of `width` cells; what was there is void.
  void Reset(std::size_t width, std::size_t capacity);

  Cell* column(std::size_t attribute) { return words_.data() + (attribute + 2) * stride_; }
  const Cell* column(std::size_t attribute) const { return words_.data() + (attribute + 2) * stride_; }
  std::uint32_t* tags() { return reinterpret_cast<std::uint32_t*>(words_.data()); }
  const std::uint32_t* tags() const { return reinterpret_cast<const std::uint32_t*>(words_.data()); }
  Slot* slots() { return reinterpret_cast<Slot*>(words_.data() + stride_); }
  const Slot* slots() const { return reinterpret_cast<const Slot*>(words_.data() + stride_); }

 private:
  std::size_t stride_ = 0;
  std::vector<Cell> words_;
};

// The records of a node: `size` rows from `begin` of block `side`. `class_counts` (C of them) belongs to the caller.
struct BlockRange {
  std::uint32_t side = 0;
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
  const std::uint32_t* class_counts = nullptr;
};

class BlockPair {
 public:
  // Loads these records as one range; `class_counts` is filled and must outlive the range.
  BlockRange Load(const Records& records, std::span<const Slot> slots, std::span<std::uint32_t> class_counts);

  const Cell* column(const BlockRange& range, std::size_t attribute) const {
    return blocks_[range.side].column(attribute) + range.begin;
  }
  const std::uint32_t* tags(const BlockRange& range) const { return blocks_[range.side].tags() + range.begin; }
  const Slot* slots(const BlockRange& range) const { return blocks_[range.side].slots() + range.begin; }

  // Moves the range's records to the other block, those that go left first, and counts the left ones by class.
  // Only the columns of `attributes` move; the others are void afterwards. The number of records that went left.
  std::uint32_t Partition(const BlockRange& range, const Split& split, std::span<const std::uint16_t> attributes,
                          std::span<std::uint32_t> left_counts);

 private:
  template <class Move>
  void MoveColumns(const BlockRange& range, std::span<const std::uint16_t> attributes, const Move& move);
  // The records are told apart by bits, or by lists of their numbers; ranks_ holds their ranks.
  std::uint32_t PartitionByMask(const BlockRange& range, std::int32_t threshold,
                                std::span<const std::uint16_t> attributes, std::span<std::uint32_t> left_counts);
  std::uint32_t PartitionByList(const BlockRange& range, std::int32_t threshold,
                                std::span<const std::uint16_t> attributes, std::span<std::uint32_t> left_counts);

  Block blocks_[2];
  std::vector<std::uint32_t> order_;
  std::vector<std::int32_t> ranks_;
};

}  // namespace hedgerow::forest
