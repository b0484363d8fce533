// Records as padded rows, grouped by class: what growing works on.
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
#include "forest/split.h"

namespace hedgerow::forest {

class Block {
 public:
  // Room for `capacity` records of `width` cells; what was there is void, but the padding of all rows is 0.
  void Reset(std::size_t width, std::size_t capacity);

  // Row i, PaddedTo(width) words wide and aligned to whole registers.
  Cell* row(std::size_t i) { return lines_[i * lines_a_row_].words; }
  const Cell* row(std::size_t i) const { return lines_[i * lines_a_row_].words; }
  std::uint32_t* tags() { return tags_.data(); }
  const std::uint32_t* tags() const { return tags_.data(); }
  Slot* slots() { return slots_.data(); }
  const Slot* slots() const { return slots_.data(); }

 private:
  struct alignas(64) Line {
    Cell words[kLanes];
  };

  std::size_t width_ = 0;
  std::size_t lines_a_row_ = 1;
  ZeroingVector<Line> lines_;
  ZeroingVector<std::uint32_t> tags_;
  std::vector<Slot> slots_;
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
  // The same for copies of their rows, `records.row_stride()` words each, one after the other, and kLanes words behind
  // the last.
  BlockRange LoadCopies(const Records& records, const ZeroingVector<Cell>& rows, std::span<const Slot> slots,
                        std::span<std::uint32_t> class_counts);

  // Record i of the range.
  const Cell* row(const BlockRange& range, std::size_t i) const { return blocks_[range.side].row(range.begin + i); }
  std::size_t row_stride() const { return row_stride_; }
  const std::uint32_t* tags(const BlockRange& range) const { return blocks_[range.side].tags() + range.begin; }
  const Slot* slots(const BlockRange& range) const { return blocks_[range.side].slots() + range.begin; }

  // Moves the range's records to the other block: the `lefts` that go left first, then the others, each side in the
  // order that they had.
  void Partition(const BlockRange& range, const Split& split, std::uint32_t lefts);

 private:
  // Rows as they stand in Records (records.h): cells, tag, label.
  struct Rows {
    const Cell* table = nullptr;
    std::size_t stride = 0, width = 0;
    const std::uint32_t* numbers = nullptr;  // which of the table's rows

    const Cell* row(std::size_t i) const { return table + numbers[i] * stride; }
    ClassCode label(std::size_t i) const { return static_cast<ClassCode>(row(i)[width + 1]); }
    std::uint32_t tag(std::size_t i) const { return static_cast<std::uint32_t>(row(i)[width]); }
    void Prefetch(std::size_t i) const {
      __builtin_prefetch(row(i));
      __builtin_prefetch(row(i) + stride - 1);
    }
  };
  BlockRange LoadRows(const Rows& rows, std::span<const Slot> slots, std::span<std::uint32_t> class_counts);

  Block blocks_[2];
  std::vector<std::uint32_t> places_;  // where loaded records go
  std::size_t row_stride_ = kLanes;
};

}  // namespace hedgerow::forest
