// Where a node stands in its tree.
//
// Thread rule: a value.
#pragma once

#include <cstdint>

#include "forest/hash.h"

namespace hedgerow::forest {

struct Place {
  std::uint64_t key = 0;   // the node's key (docs/model.md)
  std::uint64_t path = 0;  // the turns from the root, first turn in the highest bit, 1: right
  std::uint32_t depth = 0;

  Place Child(bool right) const {
    return {ChildKey(key, right), right ? path | (1ULL << (63 - depth)) : path, depth + 1};
  }
  // Which way this place lies from its ancestor at `depth`.
  bool TurnsRight(std::uint32_t at_depth) const { return (path >> (63 - at_depth) & 1) != 0; }
};

}  // namespace hedgerow::forest
