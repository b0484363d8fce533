// Scratch memory of one growing thread: blocks, and stacks with one level a depth.
//
// Thread rule: one thread; a workspace is given to functions and holds nothing between calls that matters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "forest/block.h"
#include "forest/count_table.h"
#include "forest/place.h"
#include "forest/small_tree.h"
#include "forest/tree.h"

namespace hedgerow::forest {

// Who grows a side of a node in the place of the thread that came to it.
class Helpers {
 public:
  virtual ~Helpers() = default;
  // True: somebody else will grow the subtree of these records into `to`. The slots are in the order that they have in
  // the node's range, and need not outlive the call.
  virtual bool TakeOver(std::span<const Slot> slots, const Place& place, Subtree& to) = 0;
};

struct Workspace {
  explicit Workspace(const Context& context);

  BlockPair blocks;
  SmallTreeParts parts;
  std::vector<Slot> slots;                                     // of a subtree that is grown anew
  std::vector<std::int32_t> ranks;                             // one record's ranks
  std::vector<Cell> cells;                                     // one record's cells, padded
  std::vector<std::uint32_t> mixed;                            // the mixed tags of a node's records
  std::vector<std::uint32_t> anchors;                          // positions of the anchors in their range
  std::vector<std::pair<std::uint64_t, std::uint16_t>> order;  // attributes by their order words
  std::vector<std::uint32_t> differs;                          // per attribute: not 0 if the cells differ
  std::vector<Cell> gathered;                                  // rows of chosen attributes
  CountTable table;                                            // of a node, while it is split
  std::vector<std::uint32_t> words;                            // of a node with a bare table (node_statistics.h)
  std::vector<std::uint32_t> kinds;                            // of chosen attributes
  std::vector<std::int32_t> anchor_ranks;                      // of the same
  std::vector<std::uint32_t> class_runs;                       // of a small node: its classes' counts, without zeros
  // Set where a writer changes the records meanwhile: what has to be held to look up an id. The rows are copies then.
  std::mutex* writer = nullptr;
  Helpers* helpers = nullptr;  // or nobody

  // The class counts of the two children of a node at this depth.
  std::span<std::uint32_t> left_counts(std::uint32_t depth) { return Level(2 * depth + 1); }
  std::span<std::uint32_t> right_counts(std::uint32_t depth) { return Level(2 * depth + 2); }
  std::span<std::uint32_t> top_counts() { return Level(0); }

 private:
  std::span<std::uint32_t> Level(std::size_t level) { return {counts_.data() + level * classes_, classes_}; }

  std::size_t classes_;
  std::vector<std::uint32_t> counts_;
};

}  // namespace hedgerow::forest
