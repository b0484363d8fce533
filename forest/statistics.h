// Counting a node's candidates, choosing the champion among them, restoring what a store leaves out.
//
// Thread rule: one thread a workspace.
#pragma once

#include <cstdint>
#include <span>

#include "forest/node.h"
#include "forest/records.h"
#include "forest/tree.h"
#include "forest/workspace.h"

namespace hedgerow::forest {

// Counts everything for the node with this key whose records are `range` into `statistics`, whose memory is used
// again. The table has the classes in `class_runs` alone: the numbers of records of each, in their order in the range.
void CountStatistics(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
                     std::uint64_t key, std::span<const std::uint32_t> class_runs, Statistics& statistics);

// A node's counts, as choosing needs them. `class_counts` has the table's classes.
struct Counted {
  std::uint64_t key = 0;
  std::uint32_t records = 0;
  std::span<const std::uint32_t> class_counts;
  const Statistics* statistics = nullptr;
};

// The valid candidate with the largest score, or kNoChampion.
std::uint32_t ChooseCandidate(const Context& context, const Counted& node);

// What a closer look at all candidates finds. Without a valid candidate, `champion` is kNoChampion.
struct Choice {
  std::uint32_t champion = kNoChampion;
  double score = -1;
  std::uint32_t lefts = 0;  // records on the left side
  // The best score of a candidate that splits the node's records otherwise than the champion does, whether or not
  // min_leaf allows it; below zero if there is none.
  double challenger_score = -1;
  // Another candidate of its attribute makes the same split as the champion. Removals keep it so; an added record may
  // part the two.
  bool twins = false;
  // The scores of all candidates, for a look that is closer still: -1 for one with an empty side, and for all that
  // split as the champion does. They stand until the thread scores another node.
  std::span<const double> scores;
};
Choice ChooseChampion(const Context& context, const Node& node);

// Every candidate's score, below zero where a side is empty, and its records on the left, min_leaf or not. `width`
// entries each, until the next call on this thread.
struct CandidateTable {
  const double* scores = nullptr;
  const std::uint32_t* lefts = nullptr;
};
CandidateTable ScoreCandidates(const Context& context, const Node& node);

// How many records the candidate's effective predicate sends to the left, in all and by class of the table.
std::uint32_t CountLeft(const Statistics& statistics, std::uint32_t candidate);
std::uint32_t CountLeft(const Statistics& statistics, std::uint32_t candidate, std::size_t class_of_table);

// The effective predicate of a candidate: "at most the anchor", or "below it" where nothing ranks above.
Split EffectiveSplit(const Context& context, const Statistics& statistics, std::uint32_t candidate);

// Whether all the node's records have the same cell in this lane.
bool IsConstant(const Statistics& statistics, std::size_t lane);

// Fills in what is not stored: orders, anchor ranks, the numbers of records above, the split. The node's key,
// counts, anchors, attributes and champion must be there, and the anchors alive. Packs the counts.
void CompleteStatistics(const Context& context, const Records& records, Node& node);

}  // namespace hedgerow::forest
