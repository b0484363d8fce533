#include "forest/layout_tree.h"

#include <algorithm>
#include <cstring>

#include "forest/prefetch.h"
#include "forest/quarantine.h"

namespace hedgerow::forest {

TreeLayout::TreeLayout(const Context& context, std::uint32_t number)
    : context_(context),
      number_(number),
      tiles_(sizeof(Tile)),
      small_leaves_(context.classes + 1),
      large_leaves_(context.classes * sizeof(double)) {}

bool TreeLayout::IsLeaf(const Item& item) {
  if (item.quarantine != nullptr) return true;
  if (item.node != nullptr) return item.node->leaf();
  return item.small == nullptr || item.small->nodes()[item.at].leaf();
}

Split TreeLayout::SplitOf(const Item& item) {
  return item.node != nullptr ? item.node->split : item.small->nodes()[item.at].split();
}

// Whether this very subtree is laid out where `shown` was noted; and if it is large, then as an inner node.
bool TreeLayout::IsShown(const Subtree& subtree, std::uint64_t shown) {
  if (shown == 0) return false;
  if (subtree.node() != nullptr) return subtree.node()->layout_serial == shown && !subtree.node()->leaf();
  return subtree.small() != nullptr && subtree.small()->layout_serial() == shown;
}

// Whether it is the successor of the small tree that is laid out there.
bool TreeLayout::Succeeds(const Subtree& subtree, std::uint64_t shown) {
  return shown != 0 && subtree.small() != nullptr && subtree.small()->layout_predecessor() == shown;
}

TreeLayout::Item TreeLayout::Enter(Subtree& subtree, std::uint64_t& shown) {
  shown = ++last_serial_;
  if (subtree.node() != nullptr) {
    // What is shown as a leaf is laid out anew each time that an update comes to it.
    if (subtree.node()->leaf()) shown = 0;
    subtree.node()->layout_serial = shown;
    subtree.node()->ClearTouched();
    subtree.node()->tile = kNoLink;
  } else if (subtree.small() != nullptr) {
    subtree.small()->set_layout_serial(shown);
  }
  // A quarantine is no lasting part of the tree: whatever stands here next is laid out anew.
  if (subtree.quarantine() != nullptr) shown = 0;
  return {subtree.node(), subtree.small(), subtree.quarantine(), 0};
}

TreeLayout::Item TreeLayout::Child(const Item& item, bool right) {
  if (item.node != nullptr) {
    return Enter(right ? item.node->right : item.node->left, item.node->layout_shown[right ? 1 : 0]);
  }
  return {nullptr, item.small, nullptr, item.at + (right ? item.small->nodes()[item.at].right : 1U)};
}

Link TreeLayout::LayLargeLeaf(std::span<const std::uint32_t> class_counts, std::uint32_t records) {
  const std::uint32_t number = large_leaves_.Take(retired_->memory);
  auto* values = reinterpret_cast<double*>(large_leaves_.unit(number));
  for (std::size_t y = 0; y < context_.classes; ++y) values[y] = LeafProbability(context_, class_counts[y], records);
  return kLeafBit | kLargeLeafBit | number;
}

Link TreeLayout::LayLeaf(const Item& item) {
  const std::size_t classes = context_.classes;
  if (item.node != nullptr) return LayLargeLeaf(item.node->class_counts, item.node->records);
  if (item.quarantine != nullptr) return LayLargeLeaf(item.quarantine->class_counts, item.quarantine->records);
  static constexpr std::uint8_t kNobody[datasets::kMaxClasses] = {};  // a tree that was not grown
  std::uint32_t records = 0;
  const std::uint8_t* counts = kNobody;
  if (item.small != nullptr) {
    const SmallNode& leaf = item.small->nodes()[item.at];
    records = static_cast<std::uint32_t>(leaf.threshold);
    counts = item.small->counts().data() + leaf.word * classes;
  }
  if (classes == 2) return kLeafBit | (LeafTable::RowOf(records) + counts[1]);
  const std::uint32_t number = small_leaves_.Take(retired_->memory);
  auto* unit = reinterpret_cast<std::uint8_t*>(small_leaves_.unit(number));
  unit[0] = static_cast<std::uint8_t>(records);
  std::memcpy(unit + 1, counts, classes);
  return kLeafBit | number;
}

Link TreeLayout::LayTop(const Item& item) {
  if (IsLeaf(item)) return LayLeaf(item);
  const std::uint32_t number = TakeTile();
  if (item.node != nullptr) item.node->tile = number;
  tile(number) = kEmptyTile;
  Lay(item, number, 0);
  return number;
}

// Lays a subtree out at a place of a tile where nothing is.
void TreeLayout::Lay(const Item& item, std::uint32_t number, std::uint32_t place) {
  if (place >= kTileLanes || IsLeaf(item)) {
    const Link link = LayTop(item);
    tile(number).links[ExitsBelow(place).begin] = link;
    return;
  }
  tile(number).SetLane(place, SplitOf(item));
  Lay(Child(item, false), number, 2 * place + 1);
  Lay(Child(item, true), number, 2 * place + 2);
}

// Takes away what stands at a place of a tile that no reader knows yet.
void TreeLayout::RetireBelow(std::uint32_t number, std::uint32_t place) {
  Tile& own = tile(number);
  const ExitRange exits = ExitsBelow(place);
  for (std::uint32_t exit = exits.begin; exit < exits.end; ++exit) {
    if (own.links[exit] != kNoLink) Retire(own.links[exit], /*whole=*/true);
    own.links[exit] = kNoLink;
  }
  // The lanes below are those from the leftmost to the rightmost on each level.
  for (std::uint32_t first = place, last = place; first < kTileLanes; first = 2 * first + 1, last = 2 * last + 2) {
    for (std::uint32_t lane = first; lane <= last; ++lane) own.ClearLane(lane);
  }
}

// A tile with the content of one that readers may know, in its place.
std::uint32_t TreeLayout::CopyTile(Link link) {
  const std::uint32_t number = TakeTile();
  tile(number) = tile(link);
  Retire(link, /*whole=*/false);
  return number;
}

Link TreeLayout::FollowTop(Subtree& subtree, std::uint64_t& shown, Link link) {
  if (IsShown(subtree, shown)) {
    if (subtree.small() != nullptr) return link;
    const std::uint32_t number = CopyTile(link);
    subtree.node()->tile = number;
    Follow(*subtree.node(), number, 0);
    return number;
  }
  if (Succeeds(subtree, shown) && !IsLeafLink(link)) {
    const std::uint32_t number = CopyTile(link);
    FollowSmall(Enter(subtree, shown), number, 0);
    return number;
  }
  Retire(link, /*whole=*/true);
  return LayTop(Enter(subtree, shown));
}

void TreeLayout::FollowChild(Subtree& subtree, std::uint64_t& shown, std::uint32_t number, std::uint32_t place) {
  if (place >= kTileLanes) {
    const Link link = FollowTop(subtree, shown, tile(number).links[place - kTileLanes]);
    tile(number).links[place - kTileLanes] = link;
  } else if (IsShown(subtree, shown)) {
    if (subtree.node() != nullptr) Follow(*subtree.node(), number, place);
  } else if (Succeeds(subtree, shown)) {
    FollowSmall(Enter(subtree, shown), number, place);
  } else {
    RetireBelow(number, place);
    Lay(Enter(subtree, shown), number, place);
  }
}

// A part of a small tree, at a place that shows the same part of its predecessor.
void TreeLayout::FollowSmall(const Item& item, std::uint32_t number, std::uint32_t place) {
  const SmallNode& node = item.small->nodes()[item.at];
  if (node.kept()) return;
  if (place >= kTileLanes) {
    Link& exit = tile(number).links[place - kTileLanes];
    if (!node.leaf() && !IsLeafLink(exit)) {
      const std::uint32_t copy = CopyTile(exit);
      tile(number).links[place - kTileLanes] = copy;
      FollowSmall(item, copy, 0);
      return;
    }
  } else if (!node.leaf() && tile(number).IsLane(place, node.split())) {
    FollowSmall(Child(item, false), number, 2 * place + 1);
    FollowSmall(Child(item, true), number, 2 * place + 2);
    return;
  }
  // Below a split that is another one nothing was kept.
  RetireBelow(number, place);
  Lay(item, number, place);
}

// The node is laid out at this lane of a tile that no reader knows yet.
void TreeLayout::Follow(Node& node, std::uint32_t number, std::uint32_t lane) {
  tile(number).SetLane(lane, node.split);
  for (const std::uint32_t side : {0U, 1U}) {
    if (!node.touched(side != 0)) continue;
    FollowChild(side == 0 ? node.left : node.right, node.layout_shown[side], number, 2 * lane + 1 + side);
  }
  node.ClearTouched();
}

void TreeLayout::Build(Tree& tree) {
  Retired nobody;
  retired_ = &nobody;
  top_ = LayTop(Enter(tree.root, tree.layout_shown));
  tree.layout_touched = false;
  retired_ = nullptr;
  for (Arena* arena : {&tiles_, &small_leaves_, &large_leaves_}) arena->Trim();
}

void TreeLayout::Update(Tree& tree, Retired& retired) {
  retired_ = &retired;
  top_ = FollowTop(tree.root, tree.layout_shown, top_);
  tree.layout_touched = false;
  retired_ = nullptr;
}

void TreeLayout::Free(const Retired::Part& part, std::deque<Retired::Part>& parts) {
  const std::uint32_t number = part.link & kNumberBits;
  if (!IsLeafLink(part.link)) {
    for (const Link link : tile(number).links) {
      if (!part.whole || link == kNoLink) continue;
      if (!IsLeafLink(link)) forest::Prefetch(&tile(link), kCacheLine);
      // With two classes, a small leaf is a number.
      if (!IsLeafLink(link) || (link & kLargeLeafBit) != 0 || context_.classes > 2)
        parts.push_back({number_, link, true});
    }
    tiles_.Free(number);
  } else if ((part.link & kLargeLeafBit) != 0) {
    large_leaves_.Free(number);
  } else if (context_.classes > 2) {
    small_leaves_.Free(number);
  }
}

void TreeLayout::Prefetch(const Tree& tree) const {
  for (const Node* node = tree.root.node(); node != nullptr;) {
    if (node->layout_serial == 0) return;
    if (node->tile != kNoLink) forest::Prefetch(tiles_.unit(node->tile), 2 * kCacheLine);
    const Subtree& next = node->touched_left ? node->left : node->right;
    node = next.node();
  }
}

void TouchPath(Tree& tree, Node& node) {
  tree.layout_touched = true;
  node.TouchBoth();
  Node* at = tree.root.node();
  for (std::uint32_t depth = 0; depth < node.depth; ++depth) {
    HEDGEROW_CHECK(at != nullptr, "a node is not where its path says");
    const bool right = (node.path >> (63 - depth) & 1U) != 0;
    at->Touch(right);
    at = (right ? at->right : at->left).node();
  }
  HEDGEROW_CHECK(at == &node, "a node is not where its path says");
}

TreeTop TreeLayout::top() const {
  return {reinterpret_cast<const Tile*>(tiles_.data()), reinterpret_cast<const std::uint8_t*>(small_leaves_.data()),
          reinterpret_cast<const double*>(large_leaves_.data()), top_};
}

void TreeLayout::AddMemory(MemoryPart& tiles, MemoryPart& leaves) const {
  tiles.Add(tiles_.MemoryBytes(), tiles_.units());
  leaves.Add(sizeof(TreeLayout) + small_leaves_.MemoryBytes() + large_leaves_.MemoryBytes(),
             small_leaves_.units() + large_leaves_.units());
}

}  // namespace hedgerow::forest
