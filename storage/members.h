// Which records the stored trees must hold, each as of its own checkpoint; and what reading millions of leaves asks of
// a record, close together.
//
// Thread rule: constant after it is made.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "forest/executor.h"
#include "forest/forest.h"
#include "forest/records.h"

namespace hedgerow::storage {

// The labels of records and ghosts in a table of its own: rows are far apart, and opening looks at each of them once a
// tree. `records` must not change meanwhile.
class SlotLabels {
 public:
  explicit SlotLabels(const forest::Records& records);
  bool Alive(std::uint64_t slot) const { return slot < labels_.size() && labels_[slot] != kNone; }
  forest::ClassCode label(forest::Slot slot) const { return static_cast<forest::ClassCode>(labels_[slot]); }
  std::size_t slot_end() const { return labels_.size(); }

 private:
  static constexpr std::uint16_t kNone = 0xffff;
  std::vector<std::uint16_t> labels_;
};

// Of each slot the updates that its record came with, and left with; of each tree, the last that it knows of.
struct Lives {
  std::span<const std::uint64_t> born, died;
  std::span<const std::uint64_t> tree_progress;
};

class Members {
 public:
  Members(const forest::Forest& forest, const forest::Records& records, const Lives& lives, forest::Executor& executor);
  bool Holds(forest::Slot slot, std::uint32_t tree) const {
    return (bits_[tree * words_ + slot / 64] >> (slot % 64) & 1) != 0;
  }
  // A bit a slot: what is in the stored tree.
  std::span<const std::uint64_t> Of(std::uint32_t tree) const { return {bits_.data() + tree * words_, words_}; }

 private:
  std::size_t words_;                // of a tree
  std::vector<std::uint64_t> bits_;  // tree by tree, so that what is asked of one tree lies together
};

}  // namespace hedgerow::storage
