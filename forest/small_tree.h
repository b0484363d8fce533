// A small subtree: at most kSmallRecords records, without statistics, in one block of memory.
//
// It is never changed: an update builds its successor. Its nodes stand in preorder; the left child of an inner
// node is the next one and the right child is `right` nodes further on, so a part of one small tree can be
// copied into another as it is. The records of its leaves stand in the same order, so each subtree owns a
// contiguous run of them.
//
// Thread rule: immutable but for the cached digest and the serial number, which only the writer touches.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "datasets/result.h"
#include "datasets/schema.h"
#include "datasets/table.h"
#include "forest/digest.h"
#include "forest/records.h"
#include "forest/slot_run.h"
#include "forest/split.h"

namespace hedgerow::forest {

// Up to this many records a subtree carries no statistics. It does not change the model, only its cost; it must
// fit the byte counters of the leaves.
inline constexpr std::uint32_t kSmallRecords = 128;
static_assert(kSmallRecords <= 255);

// 12 bytes. Inner: `right` > 0. Leaf: `right` is 0, `word` its number among the tree's leaves, and `threshold`
// the number of its records.
struct SmallNode {
  std::int32_t threshold = 0;
  std::uint32_t word = 0;       // the order's word
  std::uint16_t attribute = 0;  // with kCategoricalBit and kKeptBit
  std::uint16_t right = 0;

  static constexpr std::uint16_t kCategoricalBit = 0x8000;
  // This node and all below it are as they were in the tree that this one succeeds (layout_tree.h). It is not stored.
  static constexpr std::uint16_t kKeptBit = 0x4000;
  static_assert(datasets::kMaxFeatures <= kKeptBit);

  bool leaf() const { return right == 0; }
  bool kept() const { return (attribute & kKeptBit) != 0; }
  Split split() const {
    const auto type = (attribute & kCategoricalBit) != 0 ? FeatureType::kCategorical : FeatureType::kNumeric;
    return {{word, type}, static_cast<std::uint16_t>(attribute & (kKeptBit - 1)), threshold};
  }
};

// The parts of a small tree while it is built, in the order that is described above.
struct SmallTreeParts {
  std::vector<SmallNode> nodes;
  std::vector<std::uint8_t> counts;  // per leaf and class
  std::vector<Slot> slots;

  void Clear();
  std::uint32_t leaves = 0;
};

class SmallTree {
 public:
  struct Deleter {
    void operator()(SmallTree* tree) const;
  };
  using Pointer = std::unique_ptr<SmallTree, Deleter>;

  // `parts` has at least one node and at most kSmallRecords records.
  static Pointer Make(const SmallTreeParts& parts, std::size_t classes);

  std::span<const SmallNode> nodes() const { return {reinterpret_cast<const SmallNode*>(this + 1), nodes_}; }
  SlotRun slots() const { return {slot_bytes(), slots_, slot_width_}; }
  // Per leaf and class.
  std::span<const std::uint8_t> counts() const { return {slot_bytes() + std::size_t{slots_} * slot_width_, counts_}; }
  std::size_t MemoryBytes() const;

  // The fingerprint, when it has been taken since this tree was made.
  bool digest_known() const { return digest_known_; }
  const Digest& digest() const { return digest_; }
  void set_digest(const Digest& digest) {
    digest_ = digest;
    digest_known_ = true;
  }
  // Which one it is in the prediction layout (layout_tree.h); 0: it is not in there.
  std::uint64_t layout_serial() const { return succeeds_ ? 0 : serial(); }
  void set_layout_serial(std::uint64_t serial) {
    set_serial(serial);
    succeeds_ = false;
  }
  // As long as it is not in there: the serial number of the tree that it succeeds; 0: of none, or of one that was never
  // laid out.
  std::uint64_t layout_predecessor() const { return succeeds_ ? serial() : 0; }
  void set_layout_predecessor(std::uint64_t serial) {
    set_serial(serial);
    succeeds_ = true;
  }

 private:
  SmallTree() = default;

  const std::uint8_t* slot_bytes() const { return reinterpret_cast<const std::uint8_t*>(nodes().data() + nodes_); }

  // Its own serial number, or its predecessor's.
  std::uint64_t serial() const {
    std::uint64_t serial = 0;
    std::memcpy(&serial, serial_.data(), serial_.size());
    return serial;
  }
  void set_serial(std::uint64_t serial) { std::memcpy(serial_.data(), &serial, serial_.size()); }

  // 44 bytes; nodes, slots and counts follow. The counts keep a slot's fourth byte in the block (slot_run.h).
  std::uint16_t counts_ = 0;
  static_assert(kSmallRecords * datasets::kMaxClasses <= 0xffff);
  std::uint8_t nodes_ = 0;
  static_assert(2 * kSmallRecords - 1 <= 0xff);
  std::uint8_t slots_ = 0;
  std::uint8_t slot_width_ : 3 = 0;
  bool digest_known_ : 1 = false;
  bool succeeds_ : 1 = false;
  // The lowest bytes. A tree that took a number every 10 ns would have used them up in 22 years.
  std::array<std::uint8_t, 7> serial_{};
  Digest digest_;
};
static_assert(sizeof(SmallTree) == 44);

// Adds the records of each class.
void AddClasses(const SmallTree& tree, std::span<std::uint32_t> counts);
// The records of each class.
std::vector<std::uint32_t> CountClasses(const SmallTree& tree, std::size_t classes);

}  // namespace hedgerow::forest
