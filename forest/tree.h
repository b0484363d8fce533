// A tree, and what all trees of a forest share.
//
// Thread rule: one writer a tree; readers only while nobody writes.
#pragma once

#include <cstdint>
#include <vector>

#include "datasets/schema.h"
#include "forest/node.h"
#include "forest/parameters.h"

namespace hedgerow::forest {

// What growing and updating need to know: constant for the life of a forest.
struct Context {
  Parameters parameters;
  std::vector<FeatureType> types;          // per attribute
  std::vector<std::uint32_t> categorical;  // the same as lanes have it (kernels.h), padded to whole registers
  std::size_t classes = 2;

  std::size_t width() const { return types.size(); }
  bool all_features() const { return parameters.max_features == 0; }
};

struct Tree {
  std::uint64_t key = 0;  // the root node's
  Subtree root;           // never empty once grown; without records: a small tree of one leaf
  // Set when the root is another object than the stored one (storage/): a small root has no page flags of its own.
  bool root_replaced = true;
  bool stored_hedges = false;  // there may be pages of hedges of this tree
  // For the prediction layout (layout_tree.h): the serial number of the root that is laid out, and whether anything in
  // the tree has changed since.
  std::uint64_t layout_shown = 0;
  bool layout_touched = true;
};

// Visits every large node of a subtree in preorder: f(const Node&).
template <class F>
void ForEachNode(const Subtree& subtree, F&& f) {
  if (subtree.node() == nullptr) return;
  f(*subtree.node());
  ForEachNode(subtree.node()->left, f);
  ForEachNode(subtree.node()->right, f);
}

}  // namespace hedgerow::forest
