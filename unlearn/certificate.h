// How many removals a split certainly stays ahead of another one for (docs/unlearning.md, "The certificate").
//
// Knows the counts by class on the two sides of both splits, and nothing of nodes. A record that goes leaves one side
// of each. The champion's loss is bounded by a tangent of its score, which is convex in the counts; the challenger's
// gain by a chord of its own; and as both lose the same record, loss and gain are those of one class.
//
// Thread rule: pure functions; each thread has scratch memory of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hedgerow::unlearn {

// The records of each class on the left of a split and on its right: two times as many counts as there are classes,
// left ones first. No count is above 2^31.
using Division = std::span<const double>;

// The score of docs/model.md; an empty side adds 0.
double ScoreOf(Division division);

// The largest r such that after any r removals and additions, in any order, a champion with this score is still above a
// challenger with that one: half the lead. It is 0 where the lead is too small to tell. `records` and `classes` are the
// node's: they bound the rounding of the scores.
std::uint64_t SurvivedChanges(double champion, double challenger, double records, std::size_t classes);

// The largest number that can be proved, but no more than `at_most`, such that after any so many removals or fewer that
// leave the champion records on both sides its score, as computed, is still above the challenger's. Both divide the
// same records. `nested`: one of the two left sides is a part of the other.
std::uint64_t CertifiedRemovals(Division champion, Division challenger, bool nested, std::uint64_t at_most);

}  // namespace hedgerow::unlearn
