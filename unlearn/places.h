// Finding a place in a forest again: in a tree, or in the hedges of the nodes on the way.
//
// Thread rule: one writer.
#pragma once

#include <vector>

#include "forest/hedge.h"
#include "forest/node.h"
#include "forest/place.h"
#include "forest/tree.h"

namespace hedgerow::unlearn {

// The way from a root to a subtree.
struct Way {
  std::vector<forest::Node*> nodes;  // above the subtree, from the root on
  forest::Subtree* end = nullptr;    // nothing: not found
};

namespace internal {

template <class Is>
bool Search(forest::Subtree& at, const forest::Place& place, std::uint32_t depth, const Is& is, Way& way) {
  if (depth == place.depth) {
    if (!is(at)) return false;
    way.end = &at;
    return true;
  }
  if (at.node() == nullptr || at.node()->leaf()) return false;
  forest::Node& node = *at.node();
  const bool right = place.TurnsRight(depth);
  way.nodes.push_back(&node);
  if (Search(right ? node.right : node.left, place, depth + 1, is, way)) return true;
  if (node.hedge() != nullptr && !node.hedge()->growing &&
      Search(right ? node.hedge()->right : node.hedge()->left, place, depth + 1, is, way))
    return true;
  way.nodes.pop_back();
  return false;
}

}  // namespace internal

// The subtree at this place for which is(subtree) holds.
template <class Is>
Way FindPlace(forest::Tree& tree, const forest::Place& place, const Is& is) {
  Way way;
  internal::Search(tree.root, place, 0, is, way);
  return way;
}

// Marks all that stands above a subtree at this place that is about to change.
void MarkChanged(forest::Tree& tree, const forest::Place& place, const Way& way);

}  // namespace hedgerow::unlearn
