// Counting a node's candidates, choosing the champion among them, restoring what a store leaves out.
//
// Thread rule: one thread a workspace.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "forest/node.h"
#include "forest/records.h"
#include "forest/tree.h"
#include "forest/workspace.h"

namespace hedgerow::forest {

// Counts everything for the node with this key whose records are `range` into `table`, whose memory is used again. It
// has the classes in `class_runs` alone: the numbers of records of each, in their order in the range.
void CountStatistics(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
                     std::uint64_t key, std::span<const std::uint32_t> class_runs, CountTable& table);

// The table's valid candidate with the largest score, or kNoChampion. `class_counts` has the table's classes.
std::uint32_t ChooseCandidate(const Context& context, std::uint64_t key, std::uint32_t records,
                              std::span<const std::uint32_t> class_counts, const CountTable& table);

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

// How many records the candidate's effective predicate sends to the left, in all and by class.
std::uint32_t CountLeft(const Node& node, std::uint32_t candidate);
std::uint32_t CountLeft(const Node& node, std::uint32_t candidate, std::size_t class_of_table);
std::uint32_t CountLeft(const CountTable& table, std::uint32_t candidate, std::size_t class_of_table);

// The effective predicate of a candidate: "at most the anchor", or "below it" where nothing ranks above. The anchors of
// a node must be alive.
Split EffectiveSplit(const Context& context, const CountTable& table, std::uint32_t candidate);
Split EffectiveSplit(const Context& context, const Records& records, const Node& node, std::uint32_t candidate);

// Whether all the node's records, so many, have the same cell in this lane.
bool IsConstant(const Statistics& statistics, std::size_t lane, std::uint32_t records);

// What a record's cells are ranked by at a node, and the ranks of its anchors. The orders are computed, and of a bare
// table the ranks too: they stand in the workspace until the next call. The anchors must be alive.
struct NodeRanks {
  LaneOrders orders;
  const std::int32_t* anchors = nullptr;  // per anchor and lane
};
NodeRanks RanksOf(const Context& context, const Records& records, const Node& node, Workspace& workspace);
// The cells of a record in the node's lanes, padded, where they stand or in `cells`.
const Cell* LaneCells(const Context& context, const Records& records, const Statistics& statistics, Slot slot,
                      std::vector<Cell>& cells);

// Two steps to what is not stored. First the numbers of records above, and the lanes that do not exist, in a table
// whose other counts are there, and whose padding is 0.
void CompleteCounts(std::uint32_t records, std::span<const std::uint32_t> class_counts, CountTable& table);
// Then ranks and the split of the node that keeps it. Its key and champion must be there, and the anchors
// alive.
void CompleteStatistics(const Context& context, const Records& records, Node& node);

}  // namespace hedgerow::forest
