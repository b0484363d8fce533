// The subtrees of another split of a node, kept ready for the moment in which it becomes the node's own
// (docs/unlearning.md, "Hedges").
//
// Thread rule: one writer.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "forest/node.h"
#include "forest/place.h"
#include "forest/quarantine.h"

namespace hedgerow::forest {

struct Hedge {
  std::uint32_t tree = 0;
  Place place;  // of the node
  Split split;
  Subtree left, right;
  bool growing = false;  // the subtrees are still to come
  // What came and went at the node that the subtrees have not been told of, in order.
  std::vector<Quarantine::Change> lag;
  std::uint64_t since = 0;  // the number of the update that the lag began with
  // Lasts as long as there is a lag: until then the rows of removed records are needed (unlearn/backlog.h).
  std::shared_ptr<void> needs_rows;
  std::size_t bytes = 0;    // of memory, about
  std::uint64_t slack = 0;  // removals that the node's split survived for certain when the hedge was made
};

}  // namespace hedgerow::forest
