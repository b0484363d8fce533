#include "unlearn/prefetch.h"

#include <algorithm>
#include <array>

#include "forest/prefetch.h"
#include "forest/quarantine.h"

namespace hedgerow::unlearn {

using forest::Node;
using forest::Prefetch;
using forest::Subtree;

namespace {

// Walks that are gone together: as many as the memory can serve at a time, and more.
constexpr std::size_t kTogether = 32;

void PrefetchTop(const Subtree& subtree) {
  if (subtree.node != nullptr) {
    Prefetch(subtree.node.get(), sizeof(Node));
  } else if (subtree.small != nullptr) {
    Prefetch(subtree.small.get(), 2 * forest::kCacheLine);
  } else {
    Prefetch(subtree.quarantine.get(), sizeof(forest::Quarantine));
  }
}

void PrefetchRest(const Node& node) {
  Prefetch(node.class_counts.data(), node.class_counts.size() * sizeof(std::uint32_t));
  Prefetch(node.statistics.anchors.data(), node.statistics.anchors.size() * sizeof(forest::Slot));
  Prefetch(node.statistics.table.data(), node.statistics.table.size() * sizeof(std::uint32_t));
}

// What a small tree that is put off is asked for.
void PrefetchCounts(const Subtree& subtree) {
  if (subtree.small == nullptr) return;
  const std::span<const std::uint8_t> counts = subtree.small->counts();
  Prefetch(counts.data(), counts.size());
}

}  // namespace

void PrefetchPaths(const forest::Forest& forest, std::span<const std::uint32_t> trees, const forest::Cell* row) {
  std::array<const Subtree*, kTogether> paths{};
  for (std::size_t first = 0; first < trees.size(); first += kTogether) {
    const std::size_t n = std::min(kTogether, trees.size() - first);
    for (std::size_t i = 0; i < n; ++i) {
      paths[i] = &forest.trees()[trees[first + i]].root;
      PrefetchTop(*paths[i]);
    }
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t i = 0; i < n; ++i) {
        const Node* node = paths[i]->node.get();
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
