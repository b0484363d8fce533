#include "unlearn/prefetch.h"

#include <algorithm>
#include <array>
#include <utility>

#include "forest/prefetch_node.h"

namespace hedgerow::unlearn {

using forest::Node;
using forest::Prefetch;
using forest::Subtree;

namespace {

// Walks that are gone together: as many as the memory can serve at a time, and more.
constexpr std::size_t kTogether = 32;

// What a small tree that is put off is asked for.
void PrefetchCounts(const Subtree& subtree) {
  if (subtree.small() == nullptr) return;
  const std::span<const std::uint8_t> counts = subtree.small()->counts();
  Prefetch(counts.data(), counts.size());
}

// The rows that a bare table's ranks are computed from.
void PrefetchAnchors(const Node* node, const forest::Records& records) {
  if (node == nullptr || node->statistics.empty() || !node->statistics.bare()) return;
  for (const forest::Slot anchor : node->statistics.anchors()) records.Prefetch(anchor);
}

}  // namespace

void PrefetchPaths(const forest::Forest& forest, const forest::Records& records, std::span<const std::uint32_t> trees,
                   forest::Slot slot) {
  const forest::Cell* row = records.row(slot);
  std::array<const Subtree*, kTogether> paths{};
  std::array<const Node*, kTogether> above{};  // whose anchors are known when their block has come
  for (std::size_t first = 0; first < trees.size(); first += kTogether) {
    const std::size_t n = std::min(kTogether, trees.size() - first);
    for (std::size_t i = 0; i < n; ++i) {
      paths[i] = &forest.trees()[trees[first + i]].root;
      above[i] = nullptr;
      PrefetchTop(*paths[i]);
    }
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t i = 0; i < n; ++i) {
        const Node* node = paths[i]->node();
        PrefetchAnchors(std::exchange(above[i], node), records);
        if (node == nullptr) continue;
        PrefetchRest(*node);
        if (node->leaf()) continue;
        paths[i] = node->split.Left(row[node->split.attribute]) ? &node->left : &node->right;
        PrefetchTop(*paths[i]);
        moved = true;
      }
    }
    for (std::size_t i = 0; i < n; ++i) PrefetchCounts(*paths[i]);
  }
}

}  // namespace hedgerow::unlearn
