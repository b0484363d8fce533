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
#include "forest/records.h"
#include "forest/small_tree.h"
#include "forest/split.h"

namespace hedgerow::forest {

struct Node;

// One of the two is set, or none in a tree that was not grown yet.
struct Subtree {
  std::unique_ptr<Node> node;
  SmallTree::Pointer small;

  bool empty() const { return node == nullptr && small == nullptr; }
};

// A candidate attribute of a node, with its order.
struct CandidateAttribute {
  std::uint32_t attribute = 0;
  Order order;
};

// What a node knows of its candidates. Position i of `attributes` with anchor j is candidate
// i * anchors.size() + j. All of it is a function of the node's records, except `slack` and `twins`. What is stored
// are the attributes' numbers, the anchors and the counts; the rest follows (CompleteStatistics).
struct Statistics {
  std::vector<CandidateAttribute> attributes;  // in their order
  std::vector<std::uint16_t> constants;        // the constant ones that were passed over on the way to the last, ascending
  std::vector<Slot> anchors;                   // `thresholds` of them

  // Tables with a column a candidate, `stride()` wide; the padding behind the last candidate means nothing.
  std::vector<std::int32_t> anchor_ranks;  // the rank of the anchor's cell
  // 2 C + 1 rows: per class the records that rank below the anchor, per class those that rank equal, and all that
  // rank above.
  std::vector<std::uint32_t> counts;

  // So many removals or additions cannot change the champion (unlearn/robustness.h). Not persisted: a lower bound.
  std::uint64_t slack = 0;
  // Another candidate makes the champion's split, so an added record may part the two. Not persisted either: with
  // a slack of 0 nobody asks.
  bool twins = false;

  bool empty() const { return anchors.empty(); }
  std::size_t size() const { return attributes.size() * anchors.size(); }
  std::size_t stride() const { return StrideOf(size()); }
  const CandidateAttribute& of(std::size_t candidate) const { return attributes[candidate / anchors.size()]; }
  std::uint32_t* row(std::size_t number) { return counts.data() + number * stride(); }
  const std::uint32_t* row(std::size_t number) const { return counts.data() + number * stride(); }
  const std::uint32_t* above() const { return counts.data() + counts.size() - stride(); }
  std::size_t MemoryBytes() const;

  // Rows are as wide as whole vector registers.
  static std::size_t StrideOf(std::size_t candidates) { return (candidates + 7) / 8 * 8; }
};

inline constexpr std::uint32_t kNoChampion = 0xffffffffU;

struct Node {
  std::uint64_t key = 0;
  std::uint64_t path = 0;   // the turns from the root, first turn in the highest bit, 1: right
  std::uint32_t depth = 0;
  std::uint32_t records = 0;
  std::vector<std::uint32_t> class_counts;

  // Empty in a leaf by depth or by purity; a leaf for want of a valid candidate has them.
  Statistics statistics;
  std::uint32_t champion = kNoChampion;  // index of the candidate that splits; none: a leaf
  Split split;                           // the champion's effective predicate
  Subtree left, right;
  std::vector<Slot> leaf_slots;  // a leaf's records, in no particular order

  bool digest_known = false;
  Digest digest;
  // For the store: this node's page differs from the stored one; the node is another object than the stored one,
  // so that all that is stored below is void; and which children have pages of their own in the store.
  bool page_dirty = true;
  bool replaced = true;
  std::array<bool, 2> stored_children{};

  bool leaf() const { return champion == kNoChampion; }
};

// Appends the slots of all records below, in no particular order.
void CollectSlots(const Subtree& subtree, std::vector<Slot>& slots);
std::uint32_t CountRecords(const Subtree& subtree);

}  // namespace hedgerow::forest
