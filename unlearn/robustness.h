// The robustness of a split: how many removals it certainly survives (docs/unlearning.md, "The certificate").
//
// Removing one record changes the score S of any split by at least -1 and by less than 1 (with A the sum of squared
// counts of its side, n the side's size and c the count of the record's class there, the change is
// (A - 2nc + n) / (n (n - 1))). So two scores approach each other by less than 2 a removal, and a champion that
// leads by M cannot be overtaken in fewer than M / 2 removals. Adding one record is a removal read backwards.
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "forest/forest.h"

namespace hedgerow::unlearn {

// The largest r such that after any r removals (or r additions) the champion's score is still above the
// challenger's. `records` is the number of records of the node: it bounds the rounding of the scores.
// The result is 0 where the lead is too small to tell.
std::uint64_t CertifiedRemovals(double champion, double challenger, std::uint64_t records);

// How robust the forest's large splits are: entry b counts the splits that survive at least 2^b - 1 and fewer than
// 2^(b+1) - 1 removals certainly.
std::vector<std::uint64_t> RobustnessHistogram(const forest::Forest& forest);

}  // namespace hedgerow::unlearn
