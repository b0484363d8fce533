// One update on its way down one tree (docs/unlearning.md, "Large nodes").
//
// Thread rule: one thread a workspace and a tree.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "forest/grow.h"
#include "forest/node.h"
#include "forest/records.h"
#include "forest/statistics.h"
#include "forest/tree.h"
#include "forest/workspace.h"
#include "unlearn/deferral.h"
#include "unlearn/update.h"

namespace hedgerow::unlearn {

// The records that reach a node. Both are reordered on the way down.
struct Changes {
  std::span<forest::Slot> removed;
  std::span<forest::Slot> added;

  std::size_t size() const { return removed.size() + added.size(); }
};

class TreeUpdate {
 public:
  // `removed_marks` tells for each slot whether it is removed; it is the same again afterwards. Without `deferral`
  // everything is done at once. With `score_always` no split is taken to stand without being scored.
  TreeUpdate(const forest::Context& context, const forest::Records& records, forest::Workspace& workspace,
             std::vector<char>& removed_marks, Effect& effect, Deferral* deferral, bool score_always)
      : context_(context),
        records_(records),
        workspace_(workspace),
        removed_marks_(removed_marks),
        effect_(effect),
        deferral_(deferral),
        score_always_(score_always) {}

  // From now on a tree that is not what its records make is no broken invariant: for trees that were read from outside,
  // whose statistics and splits nobody has compared with their records. What the update would rely on is compared
  // first.
  void Distrust() { distrusts_ = true; }
  // Whether such a tree has been met. The update has gone no further there, and the tree is of no use any more.
  bool damaged() const { return damaged_; }

  void Update(forest::Subtree& subtree, const forest::Place& place, const Changes& changes);

  // Tells a hedge's subtrees of the changes that it has not seen.
  void CatchUp(forest::Hedge& hedge, std::size_t changes);

 private:
  // What counting the changes into a node's statistics came upon.
  struct Events {
    bool recounted = false;  // the statistics were counted anew, and the node's records are loaded
    bool rescore = false;    // the certificate does not hold any more
    bool put_off = false;    // the statistics have to be counted anew, and the node is too large to do it now
    bool damaged = false;    // they have to be, and the node is not what its records make
  };
  // Whether an update is done below a node, or its place has to be quarantined.
  enum class Outcome : std::uint8_t { kDone, kPutOff };

  void UpdateSmall(forest::Subtree& subtree, const forest::Place& place, const Changes& changes);
  Outcome UpdateNode(forest::Node& node, const Changes& changes);
  void UpdateLeaf(forest::Node& node, const Changes& changes);
  void Regrow(forest::Subtree& subtree, const forest::Place& place, const Changes& changes);
  void Descend(forest::Node& node, const Changes& changes);

  Events UpdateStatistics(forest::Node& node, const Changes& changes);
  bool MustRecount(const forest::Node& node, const Changes& changes) const;
  bool Count(forest::Node& node, const forest::NodeRanks& ranks, std::uint32_t records, forest::Slot slot,
             bool added) const;
  bool MustReplaceConstant(const forest::Node& node) const;
  Outcome Rescore(forest::Node& node, const Changes& changes, bool loaded);
  void BecomeLeaf(forest::Node& node, const Changes& changes);
  void GrowAnew(forest::Node& node, const Changes& changes, bool loaded);

  bool TooLarge(std::size_t records) const { return deferral_ != nullptr && records > deferral_->inline_records; }
  bool TooLargeToCount(const forest::Node& node) const {
    return deferral_ != nullptr && node.records > std::max(deferral_->inline_records, deferral_->inline_counted);
  }
  void PutOff(forest::Subtree& subtree, const forest::Place& place, const Changes& changes);
  void Join(forest::Quarantine& quarantine, const Changes& changes) const;

  // tree_hedges.cpp
  void FollowHedge(forest::Node& node, const Changes& changes);
  bool TakeHedge(forest::Node& node, const forest::Split& before, std::uint32_t lefts, const Changes& changes);
  void Lag(const std::shared_ptr<forest::Hedge>& hedge, const Changes& changes);
  void WishForHedge(const forest::Node& node);

  // Fills workspace.slots with the subtree's records after the update.
  void CollectAfter(const forest::Subtree& subtree, const Changes& changes);
  void CollectAfter(const forest::Node& node, const Changes& changes);
  void DropRemoved(const Changes& changes);
  // Ends the program if this does not hold of the tree or, of one that is distrusted, notes that it is damaged. Whether
  // it holds.
  bool Expect(bool holds, const char* broken);
  // Loads the node's records after the update. False: they are not those that it counts.
  bool LoadAfter(const forest::Node& node, const Changes& changes);
  // The same, and counts its statistics anew, into workspace.table.
  bool Recount(const forest::Node& node, const Changes& changes);
  // The same, and compares them with those that it keeps.
  bool CountsItsRecords(const forest::Node& node, const Changes& changes);

  const forest::Context& context_;
  const forest::Records& records_;
  forest::Workspace& workspace_;
  std::vector<char>& removed_marks_;
  Effect& effect_;
  Deferral* deferral_;
  bool score_always_;
  forest::BlockRange loaded_;
  bool distrusts_ = false, damaged_ = false;
};

}  // namespace hedgerow::unlearn
