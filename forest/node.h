// A large node: more than kSmallRecords records, with the statistics that make an update cheap.
//
// Thread rule: one writer, and no reader while it writes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "forest/class_counts.h"
#include "forest/digest.h"
#include "forest/node_statistics.h"
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
  ClassCounts class_counts;

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
