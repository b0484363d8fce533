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

// Candidate (a, j): the rank of anchor j's cell in the order of a, and how many records rank above it.
struct Candidate {
  std::int32_t anchor_rank = 0;
  std::uint32_t above = 0;
};

// What a node knows of its candidates. Position i of `attributes` with anchor j is candidate
// i * anchors.size() + j. All of it is a function of the node's records, except `slack`. What is stored are the
// attributes' numbers, the anchors and the counts; the rest follows (CompleteStatistics).
struct Statistics {
  std::vector<CandidateAttribute> attributes;  // in their order
  std::vector<std::uint16_t> constants;        // the constant ones that were passed over on the way to the last
  std::vector<Slot> anchors;                   // `thresholds` of them
  std::vector<Candidate> candidates;
  // Per candidate C counters of records that rank below the anchor, then C of those that rank equal.
  std::vector<std::uint32_t> counts;
  // So many removals or additions cannot change the champion (unlearn/robustness.h). Not persisted: a lower bound.
  std::uint64_t slack = 0;
  // Another candidate makes the champion's split, so an added record may part the two. Not persisted either: with
  // a slack of 0 nobody asks.
  bool twins = false;

  bool empty() const { return anchors.empty(); }
  std::size_t size() const { return candidates.size(); }
  const CandidateAttribute& of(std::size_t candidate) const { return attributes[candidate / anchors.size()]; }
  std::uint32_t* below(std::size_t candidate, std::size_t classes) {
    return counts.data() + candidate * 2 * classes;
  }
  const std::uint32_t* below(std::size_t candidate, std::size_t classes) const {
    return counts.data() + candidate * 2 * classes;
  }
  std::size_t MemoryBytes() const;
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
