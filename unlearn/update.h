// Taking records out of a forest, and putting records in, exactly (docs/unlearning.md).
//
// Thread rule: one writer, and no reader while it writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "forest/forest.h"
#include "forest/records.h"
#include "forest/workspace.h"
#include "unlearn/deferral.h"

namespace hedgerow::unlearn {

// What an update did, summed over trees.
struct Effect {
  std::uint64_t trees = 0;            // trees that hold one of the records
  std::uint64_t nodes = 0;            // large nodes and small trees that were visited
  std::uint64_t scorings = 0;         // large nodes whose candidates were scored
  std::uint64_t flips = 0;            // splits of large nodes that changed, so that what is below was grown anew
  std::uint64_t flipped_records = 0;  // records below those splits
  std::uint64_t redraws = 0;          // large nodes whose statistics were counted anew
  std::uint64_t collapses = 0;        // large nodes that became leaves or small, and back
  std::uint64_t regrowths = 0;        // large nodes of which a batch changed so much that they were grown anew
  std::uint64_t queued = 0;           // places that were quarantined, to be grown later
  std::uint64_t hedge_hits = 0;       // splits that changed and whose subtrees were there already

  bool put_off = false;  // there is something to do in the background

  Effect& operator+=(const Effect& other);
};

// Keeps the scratch memory that updates of one forest need.
class Updater {
 public:
  explicit Updater(const forest::Context& context) : context_(context), workspace_(context) {}

  // From now on every large node that an update passes is scored, as if nothing were known of how long its split lasts.
  // The forest is the same: for measuring what robustness saves.
  void ScoreAlways() { score_always_ = true; }

  // Takes `removed` out of the trees that hold them and puts `added` into the trees that are to hold them. All
  // slots are live in `records` during the call, distinct, and each id is removed and added once at the most. The
  // caller removes the rows afterwards.
  // Without `deferral` everything is done at once.
  Effect Update(forest::Forest& forest, const forest::Records& records, std::span<const forest::Slot> removed,
                std::span<const forest::Slot> added, Deferral* deferral = nullptr);
  // The same in one tree that was read from outside: each of its nodes has the counts of the records below it,
  // `removed` among them, and nothing else is known of it. False: it is not what its records make, and is of no use any
  // more.
  [[nodiscard]] bool UpdateReadTree(forest::Forest& forest, const forest::Records& records, std::uint32_t tree,
                                    std::span<const forest::Slot> removed, std::span<const forest::Slot> added);
  // The same in a subtree that stands in no tree.
  Effect UpdateSubtree(const forest::Records& records, forest::Subtree& subtree, const forest::Place& place,
                       std::span<const forest::Slot> removed, std::span<const forest::Slot> added, Deferral* deferral);
  // Tells a hedge of the first changes of its lag.
  void CatchUp(const forest::Records& records, forest::Hedge& hedge, std::size_t changes, Deferral* deferral);

 private:
  void Mark(const forest::Records& records, std::span<const forest::Slot> removed);
  void Unmark(std::span<const forest::Slot> removed);
  // `slots` are the removed ones and then the added ones. False: the tree is damaged, which only one that is distrusted
  // can be.
  bool UpdateMarked(forest::Forest& forest, const forest::Records& records, std::uint32_t tree,
                    std::span<forest::Slot> slots, std::size_t removals, Effect& effect, Deferral* deferral,
                    bool distrust);

  const forest::Context& context_;
  forest::Workspace workspace_;
  std::vector<char> removed_marks_;  // per slot, all zero between calls
  bool score_always_ = false;
};

}  // namespace hedgerow::unlearn
