// The statistics of large nodes: counting them, choosing the champion from them, restoring them from a store.
//
// Thread rule: pure functions of their arguments.
#pragma once

#include <cstdint>
#include <span>

#include "forest/node.h"
#include "forest/records.h"
#include "forest/tree.h"
#include "forest/workspace.h"

namespace hedgerow::forest {

// Counts everything for the node with this key at this depth whose records are `range`. Looks at the attributes
// in workspace.varying(depth) and leaves those that still vary in varying(depth + 1).
Statistics CountStatistics(const Context& context, const Records& records, Workspace& workspace,
                           const BlockRange& range, std::uint64_t key, std::uint32_t depth);

// What a look at all candidates finds. Without a valid candidate, `champion` is kNoChampion.
struct Choice {
  std::uint32_t champion = kNoChampion;
  double score = -1;
  std::uint32_t lefts = 0;  // records on the left side
  // The best score of a candidate that splits the node's records otherwise than the champion does, whether or not
  // min_leaf allows it; below zero if there is none.
  double challenger_score = -1;
  // Another candidate makes the same split as the champion. Removals keep it so; an added record may part the two.
  bool twins = false;
};
Choice ChooseChampion(const Context& context, const Node& node);

// How many records the candidate's effective predicate sends to the left.
std::uint32_t CountLeft(const Node& node, std::uint32_t candidate);

// The effective predicate of a candidate: "at most the anchor", or "below it" where nothing ranks above.
Split EffectiveSplit(const Statistics& statistics, std::uint32_t candidate);

// Removes the attribute at this position, which has become constant.
void DropAttribute(Statistics& statistics, std::size_t position, std::size_t classes);

// Fills in what is not stored: orders, anchor ranks, the numbers of records above, the split. The node's key,
// counts, anchors, attribute numbers and champion must be there, and the anchors alive.
void CompleteStatistics(const Context& context, const Records& records, Node& node);

}  // namespace hedgerow::forest
