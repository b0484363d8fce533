// One tree's tiles (layout_tile.h), and how they follow the tree.
//
// Tiles that readers may know are never changed. What an update touched is laid out again in other tiles, up to the
// tree's top, and shares with the old state all that stayed: that is three or four tiles of a path and
// those of one small tree. The old ones go to the caller, until no reader knows them any more.
//
// How it finds what changed: an update marks the children to which it went (node.h). Whether a child
// is the one that is laid out here tells its serial number, which no other part of this tree ever has; so a
// subtree that left the tree and came back, or changed outside of it, is laid out as a whole.
//
// Thread rule: one writer a tree, which is also the tree's only writer. Readers have a TreeTop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "forest/arena.h"
#include "forest/layout_tile.h"
#include "forest/leaf_table.h"
#include "forest/memory.h"
#include "forest/tree.h"

namespace hedgerow::forest {

// For whoever changed a node or its children otherwise than on an update's way down: touches the way to it from the
// root. The node's own sides are touched too, so that children which were replaced are found.
void TouchPath(Tree& tree, Node& node);

// What has left the layout and may be known to readers.
struct Retired {
  struct Part {
    std::uint32_t tree = 0;
    Link link = kNoLink;
    bool whole = true;  // with all that is below; otherwise only the tile
  };
  std::vector<Part> parts;
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
  // Asks the memory for the tiles that Update will read. With all changed trees asked before the first is updated,
  // the waiting is shared.
  void Prefetch(const Tree& tree) const;
  // No reader knows the part. What is below it is appended to `parts`.
  void Free(const Retired::Part& part, std::deque<Retired::Part>& parts);

  TreeTop top() const;
  void AddMemory(MemoryPart& tiles, MemoryPart& leaves) const;

 private:
  // A node of the tree, large or small.
  struct Item {
    Node* node = nullptr;
    const SmallTree* small = nullptr;
    const Quarantine* quarantine = nullptr;
    std::uint32_t at = 0;
  };

  Tile& tile(std::uint32_t number) { return reinterpret_cast<Tile*>(tiles_.data())[number]; }
  std::uint32_t TakeTile() { return tiles_.Take(retired_->memory); }

  static bool IsLeaf(const Item& item);
  static Split SplitOf(const Item& item);
  std::uint32_t CopyTile(Link link);
  static bool IsShown(const Subtree& subtree, std::uint64_t shown);
  static bool Succeeds(const Subtree& subtree, std::uint64_t shown);
  Item Child(const Item& item, bool right);
  // The subtree's top, under a serial number of its own, which is noted in `shown`.
  Item Enter(Subtree& subtree, std::uint64_t& shown);

  // Lays out what is below; gives the link to it.
  Link LayTop(const Item& item);
  Link LayLeaf(const Item& item);
  Link LayLargeLeaf(std::span<const std::uint32_t> class_counts, std::uint32_t records);
  void Lay(const Item& item, std::uint32_t number, std::uint32_t place);

  Link FollowTop(Subtree& subtree, std::uint64_t& shown, Link link);
  void Follow(Node& node, std::uint32_t number, std::uint32_t lane);
  void FollowSmall(const Item& item, std::uint32_t number, std::uint32_t place);
  void FollowChild(Subtree& subtree, std::uint64_t& shown, std::uint32_t number, std::uint32_t place);

  void Retire(Link link, bool whole) { retired_->parts.push_back({number_, link, whole}); }
  void RetireBelow(std::uint32_t number, std::uint32_t place);

  const Context& context_;
  std::uint32_t number_;
  Arena tiles_, small_leaves_, large_leaves_;
  Link top_ = kNoLink;
  std::uint64_t last_serial_ = 0;
  Retired* retired_ = nullptr;  // during a call
};

}  // namespace hedgerow::forest
