// One tree's tiles (layout_tile.h), and how they follow the tree.
//
// Tiles that readers may know are never changed. What an update touched is laid out again in other tiles, up to the
// tree's top, and shares with the old state all that stayed: that is three or four tiles of a path and
// those of one small tree. The old ones go to the caller, until no reader knows them any more.
//
// How it finds what changed: an update marks the children to which it went (node.h, LayoutMark). Whether a child
// is the one that is laid out here tells its serial number, which no other part of this tree ever has; so a
// subtree that left the tree and came back, or changed outside of it, is laid out as a whole.
//
// Thread rule: one writer a tree, which is also the tree's only writer. Readers have a TreeTop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "forest/arena.h"
#include "forest/layout_tile.h"
#include "forest/leaf_table.h"
#include "forest/tree.h"

namespace hedgerow::forest {

// What has left the layout and may be known to readers.
struct Retired {
  enum Kind : std::uint8_t { kTile, kSmallLeaf, kLargeLeaf };
  struct Unit {
    std::uint32_t tree = 0;
    std::uint32_t number = 0;
    Kind kind = kTile;
  };
  std::vector<Unit> units;
  std::vector<Arena::Memory> memory;
};

class TreeLayout {
 public:
  // `number` is the tree's; `context` outlives the layout.
  TreeLayout(const Context& context, std::uint32_t number);

  // Lays the whole tree out, for the first time.
  void Build(Tree& tree);
  // Follows the tree's changes since the last call.
  void Update(Tree& tree, Retired& retired);
  // No reader knows the unit.
  void Free(const Retired::Unit& unit);

  TreeTop top() const;
  std::size_t MemoryBytes() const;

 private:
  // A node of the tree, large or small.
  struct Item {
    Node* node = nullptr;
    const SmallTree* small = nullptr;
    const Quarantine* quarantine = nullptr;
    std::uint32_t at = 0;
  };

  Tile& tile(std::uint32_t number) { return *reinterpret_cast<Tile*>(tiles_.unit(number)); }
  std::uint32_t TakeTile() { return tiles_.Take(retired_->memory); }

  static bool IsLeaf(const Item& item);
  static Split SplitOf(const Item& item);
  static bool IsShown(const Subtree& subtree, std::uint64_t shown);
  Item Child(const Item& item, bool right);
  // The subtree's top, under a serial number of its own, which is noted in `shown`.
  Item Enter(Subtree& subtree, std::uint64_t& shown);

  // Lays out what is below; gives the link to it.
  Link LayTop(const Item& item);
  Link LayLeaf(const Item& item);
  Link LayLargeLeaf(const std::vector<std::uint32_t>& class_counts, std::uint32_t records);
  void Lay(const Item& item, std::uint32_t number, std::uint32_t place);

  Link FollowTop(Subtree& subtree, std::uint64_t& shown, Link link);
  void Follow(Node& node, std::uint32_t number, std::uint32_t lane);
  void FollowChild(Subtree& subtree, std::uint64_t& shown, std::uint32_t number, std::uint32_t place);

  void Drop(Link link);
  void DropBelow(std::uint32_t number, std::uint32_t place);
  void Retire(Retired::Kind kind, std::uint32_t number) { retired_->units.push_back({number_, number, kind}); }

  const Context& context_;
  std::uint32_t number_;
  Arena tiles_, small_leaves_, large_leaves_;
  Link top_ = kNoLink;
  std::uint64_t last_serial_ = 0;
  Retired* retired_ = nullptr;  // during a call
};

}  // namespace hedgerow::forest
