// A large node: more than kSmallRecords records, with the statistics that make an update cheap.
//
// Thread rule: one writer, and no reader while it writes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "forest/digest.h"
#include "forest/kernels.h"
#include "forest/records.h"
#include "forest/small_tree.h"
#include "forest/split.h"

namespace hedgerow::forest {

struct Node;
struct Hedge;
struct Quarantine;

// One of the three is set, or none in a tree that was not grown yet.
struct Subtree {
  std::unique_ptr<Node> node;
  SmallTree::Pointer small;
  // Shared with whoever grows what belongs here (unlearn/), so that it outlives its place.
  std::shared_ptr<Quarantine> quarantine;

  bool empty() const { return node == nullptr && small == nullptr && quarantine == nullptr; }
};

// What is known of a node's candidates: for each, how many records of which class fall below, on and above its
// anchor. A lane is one attribute; candidate j * stride() + lane is the lane's attribute with anchor j. All of it is a
// function of the node's records, except `slack` and `twins`. What is stored are the anchors, the counts and, with
// max_features, the attributes; the rest follows (CompleteStatistics).
struct Statistics {
  std::vector<Slot> anchors;
  // With max_features: the attributes of the lanes, ascending, and the constant ones that were passed over on the
  // way to the last. Without it both are empty, and lane a is attribute a; a constant one has no valid candidate.
  std::vector<std::uint16_t> attributes, constants;
  std::uint32_t lanes = 0;
  std::uint32_t classes = 0;

  // So many removals or additions cannot change the champion (unlearn/certificate.h). Not persisted: a lower bound.
  std::uint64_t slack = 0;
  // Another candidate makes the champion's split, so an added record may part the two. Not persisted either: with
  // a slack of 0 nobody asks.
  bool twins = false;

  // Two rows with a column a lane, the lanes' orders; the ranks of the anchors' cells, a row an anchor; and then
  // 2 C + 1 rows of counts with a column a candidate: per class the records that rank below the anchor, per class
  // those that rank equal, and all that rank above. Lanes behind the last belong to a constant attribute that does
  // not exist. Counts have `count_bytes` bytes, 1, 2 or 4: a node's table is packed into as few as its records allow
  // (Pack), since most large nodes are not much larger than small ones. While it is counted it has 4.
  std::vector<std::uint32_t> table;
  std::uint8_t count_bytes = sizeof(std::uint32_t);

  bool empty() const { return anchors.empty(); }
  std::size_t stride() const { return StrideOf(lanes); }
  std::size_t width() const { return anchors.size() * stride(); }
  std::uint32_t attribute(std::size_t lane) const {
    return attributes.empty() ? static_cast<std::uint32_t>(lane) : attributes[lane];
  }

  LaneOrders orders() const { return {table.data(), table.data() + stride(), stride()}; }
  std::uint32_t* words() { return table.data(); }
  std::uint32_t* categorical() { return table.data() + stride(); }
  std::int32_t* anchor_ranks() { return reinterpret_cast<std::int32_t*>(table.data() + 2 * stride()); }
  const std::int32_t* anchor_ranks() const {
    return reinterpret_cast<const std::int32_t*>(table.data() + 2 * stride());
  }
  // The rows of counts, by their number: `below`, `equal` of a class, `above`.
  std::size_t equal_row(std::size_t y) const { return classes + y; }
  std::size_t above_row() const { return 2 * std::size_t{classes}; }
  std::size_t count_rows() const { return above_row() + 1; }
  // Of a table that is not packed.
  std::uint32_t* row(std::size_t number) { return static_cast<std::uint32_t*>(packed_row(number)); }
  const std::uint32_t* row(std::size_t number) const { return table.data() + 2 * stride() + (number + 1) * width(); }
  // Of any, `count_bytes` a count.
  void* packed_row(std::size_t number) {
    return reinterpret_cast<std::byte*>(table.data() + 2 * stride() + width()) + number * width() * count_bytes;
  }
  const void* packed_row(std::size_t number) const {
    return reinterpret_cast<const std::byte*>(table.data() + 2 * stride() + width()) + number * width() * count_bytes;
  }
  std::uint32_t Count(std::size_t row_number, std::size_t candidate) const {
    const void* counts = packed_row(row_number);
    if (count_bytes == 1) return static_cast<const std::uint8_t*>(counts)[candidate];
    if (count_bytes == 2) return static_cast<const std::uint16_t*>(counts)[candidate];
    return static_cast<const std::uint32_t*>(counts)[candidate];
  }
  // Packs the counts for a node of so many records.
  void Pack(std::uint32_t records);
  // A copy of a table that is not packed, with the counts packed, and no memory to spare.
  Statistics PackedCopy(std::uint32_t records) const;
  // Whether the counts of so many records fit.
  bool Fits(std::uint32_t records) const { return records >> (8U * count_bytes - 1) >> 1U == 0; }
  // All counts, row by row, 4 bytes each.
  void CopyCounts(std::uint32_t* to) const;
  std::size_t MemoryBytes() const;
  // Visits the blocks of memory that belong to it: f(const void* block, std::size_t bytes).
  template <class F>
  void ForEachBlock(const F& f) const {
    f(attributes.data(), attributes.capacity() * sizeof(std::uint16_t));
    f(constants.data(), constants.capacity() * sizeof(std::uint16_t));
    f(anchors.data(), anchors.capacity() * sizeof(Slot));
    f(table.data(), table.capacity() * sizeof(std::uint32_t));
  }

  // Makes room for `lanes` and `classes` as they are set, all zero.
  void ResetTable();
  // Rows are as wide as whole vector registers.
  static std::size_t StrideOf(std::size_t lanes) { return (lanes + 7) / 8 * 8; }
};

inline constexpr std::uint32_t kNoChampion = 0xffffffffU;

struct alignas(64) Node {
  // What a prediction reads comes first, in one line of the cache.
  Split split;  // the champion's effective predicate
  Subtree left, right;
  std::uint32_t champion = kNoChampion;  // index of the candidate that splits; none: a leaf
  // For the prediction layout (layout_tree.h): in which child something changed, or below it; and the tile of which
  // the node is the first lane, if it is. Whoever changes a child, or a split or the counts of a node, touches the
  // sides on the way to it, from the root on.
  std::array<bool, 2> touched{};
  std::uint32_t tile = 0xffffffffU;
  // The node's own serial number there, 0: it is not laid out as an inner node; and those of the children that are.
  std::uint64_t layout_serial = 0;
  std::array<std::uint64_t, 2> layout_shown{};

  std::uint64_t key = 0;
  std::uint64_t path = 0;  // the turns from the root, first turn in the highest bit, 1: right
  std::uint32_t depth = 0;
  std::uint32_t records = 0;
  std::vector<std::uint32_t> class_counts;

  // Empty in a leaf by depth or by purity; a leaf for want of a valid candidate has them.
  Statistics statistics;
  std::vector<Slot> leaf_slots;  // a leaf's records, in no particular order

  // Another split's subtrees, or nothing. It does not belong to the model, so it is in no digest and no prediction.
  std::shared_ptr<Hedge> hedge;

  bool digest_known = false;
  Digest digest;
  // For the store: this node's page differs from the stored one; the node is another object than the stored one,
  // so that all that is stored below is void; and which children have pages of their own in the store.
  bool page_dirty = true;
  bool replaced = true;
  // The children came from a hedge, so that what is stored below is void, whatever they say themselves.
  bool relinked = false;
  bool stored_hedge = false;  // there is a page of a hedge of the stored node
  std::array<bool, 2> stored_children{};

  bool leaf() const { return champion == kNoChampion; }
};

// Appends the slots of all records below, in no particular order.
void CollectSlots(const Subtree& subtree, std::vector<Slot>& slots);
std::uint32_t CountRecords(const Subtree& subtree);

}  // namespace hedgerow::forest
