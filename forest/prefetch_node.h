// Asking the memory for a node before it is visited: first for the node itself, and when that has come, for what it
// points to.
//
// Thread rule: as for reading the node.
#pragma once

#include "forest/node.h"
#include "forest/prefetch.h"
#include "forest/quarantine.h"

namespace hedgerow::forest {

inline void PrefetchTop(const Subtree& subtree) {
  if (subtree.node() != nullptr) {
    Prefetch(subtree.node(), sizeof(Node));
  } else if (subtree.small() != nullptr) {
    Prefetch(subtree.small(), 2 * kCacheLine);
  } else {
    Prefetch(subtree.quarantine(), sizeof(Quarantine));
  }
}

inline void PrefetchRest(const Node& node) {
  Prefetch(node.class_counts.block(), node.class_counts.block_bytes());
  Prefetch(node.statistics.block(), node.statistics.block_bytes());
}

}  // namespace hedgerow::forest
