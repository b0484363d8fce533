// A large node: more than kSmallRecords records, with the statistics that make an update cheap.
//
// Thread rule: one writer, and no reader while it writes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "forest/class_counts.h"
#include "forest/digest.h"
#include "forest/node_statistics.h"
#include "forest/place.h"
#include "forest/records.h"
#include "forest/small_tree.h"
#include "forest/split.h"

namespace hedgerow::forest {

struct Node;
struct Hedge;
struct Quarantine;

// A node, a small tree or a place that is still to be grown, or nothing in a tree that was not grown yet: one word,
// whose lowest bits tell which.
class Subtree {
 public:
  Subtree() = default;
  // From what makes one, which must be there.
  Subtree(std::unique_ptr<Node> node);
  Subtree(SmallTree::Pointer small);
  // Shared with whoever grows what belongs here (unlearn/), so that it outlives its place.
  Subtree(std::shared_ptr<Quarantine> quarantine);
  Subtree(Subtree&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  Subtree& operator=(Subtree&& other) noexcept {
    Subtree taken(std::move(other));
    std::swap(word_, taken.word_);
    return *this;
  }
  Subtree(const Subtree&) = delete;
  Subtree& operator=(const Subtree&) = delete;
  ~Subtree() {
    if (word_ != 0) Free();
  }

  // Nothing if it is not of that kind.
  Node* node() const { return As<Node>(kNode); }
  SmallTree* small() const { return As<SmallTree>(kSmall); }
  Quarantine* quarantine() const;
  std::shared_ptr<Quarantine> shared_quarantine() const;
  bool empty() const { return word_ == 0; }

 private:
  enum Kind : std::uintptr_t { kNode, kSmall, kQuarantine, kKindBits };

  template <class T>
  T* As(Kind kind) const {
    return (word_ & kKindBits) == kind ? reinterpret_cast<T*>(word_ & ~std::uintptr_t{kKindBits}) : nullptr;
  }
  void Free();

  std::uintptr_t word_ = 0;
};

inline constexpr std::uint32_t kNoChampion = 0xffffffffU;

// What few nodes have.
struct NodeExtras {
  std::vector<Slot> leaf_slots;
  std::shared_ptr<Hedge> hedge;
};

// There is one for every seven records of a large forest, so each byte counts: what is marked has its end filled with
// the members that follow it.
struct Node {
  Split split;                           // the champion's effective predicate
  std::uint32_t champion = kNoChampion;  // index of the candidate that splits; none: a leaf
  Subtree left, right;
  // For the prediction layout (layout_tree.h): the node's own serial number there, 0: it is not laid out as an inner
  // node; and those of the children that are.
  std::uint64_t layout_serial = 0;
  std::array<std::uint64_t, 2> layout_shown{};

  std::uint64_t key = 0;
  std::uint64_t path = 0;  // the turns from the root, first turn in the highest bit, 1: right
  [[no_unique_address]] ClassCounts class_counts;
  std::uint8_t depth : 7 = 0;
  static_assert(kMaxDepth < 1U << 7);
  bool digest_known : 1 = false;
  // For the store: this node's page differs from the stored one; the node is another object than the stored one,
  // so that all that is stored below is void; and which children have pages of their own in the store.
  bool page_dirty : 1 = true;
  bool replaced : 1 = true;
  // The children came from a hedge, so that what is stored below is void, whatever they say themselves.
  bool relinked : 1 = false;
  bool stored_hedge : 1 = false;  // there is a page of a hedge of the stored node
  bool stored_left : 1 = false;
  bool stored_right : 1 = false;
  bool touched_left : 1 = false;
  bool touched_right : 1 = false;

  std::uint32_t records = 0;
  // Empty in a leaf by depth or by purity; a leaf for want of a valid candidate has them.
  [[no_unique_address]] Statistics statistics;
  // For the prediction layout: the tile of which the node is the first lane, if it is.
  std::uint32_t tile = 0xffffffffU;
  std::unique_ptr<NodeExtras> extras;
  Digest digest;  // if it is known

  bool leaf() const { return champion == kNoChampion; }
  Place place() const { return {key, path, depth}; }
  void set_place(const Place& place) {
    key = place.key;
    path = place.path;
    depth = place.depth & 0x7fU;
  }

  // For the prediction layout too: in which child something changed, or below it. Whoever changes a child, or a split
  // or the counts of a node, touches the sides on the way to it, from the root on.
  bool touched(bool on_right) const { return on_right ? touched_right : touched_left; }
  void Touch(bool on_right) {
    if (on_right) {
      touched_right = true;
    } else {
      touched_left = true;
    }
  }
  void TouchBoth() { touched_left = touched_right = true; }
  void ClearTouched() { touched_left = touched_right = false; }

  // A leaf's records, in no particular order.
  const std::vector<Slot>& leaf_slots() const;
  std::vector<Slot>& MutableLeafSlots() { return Extras().leaf_slots; }
  // Another split's subtrees, or nothing. It does not belong to the model, so it is in no digest and no prediction.
  const std::shared_ptr<Hedge>& hedge() const;
  void set_hedge(std::shared_ptr<Hedge> hedge);

 private:
  NodeExtras& Extras();
};
static_assert(sizeof(Node) == 160);

// Appends the slots of all records below, in no particular order.
void CollectSlots(const Subtree& subtree, std::vector<Slot>& slots);
std::uint32_t CountRecords(const Subtree& subtree);

}  // namespace hedgerow::forest
