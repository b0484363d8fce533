// The robustness of a node's split: how many removals it certainly survives (docs/unlearning.md, "The certificate").
//
// Thread rule: pure functions; each thread has scratch memory of its own.
#pragma once

#include <cstdint>
#include <vector>

#include "forest/executor.h"
#include "forest/forest.h"
#include "forest/node.h"
#include "forest/statistics.h"

namespace hedgerow::unlearn {

// After any so many removals the node's champion is still valid, and its score is still above that of every candidate
// that divides the records otherwise, as long as no anchor is drawn anew and no candidate's predicate changes.
struct Robustness {
  std::uint64_t removals = 0;
  // The challenger that sets this limit; none if it is min_leaf.
  std::uint32_t challenger = forest::kNoChampion;
};

// How a candidate divides the node's records: a Division (certificate.h).
void CountDivision(const forest::Node& node, std::uint32_t candidate, std::vector<double>& division);

// `choice` is what ChooseChampion has just found on this thread for the node, which is no leaf.
Robustness RobustnessOf(const forest::Context& context, const forest::Node& node, const forest::Choice& choice);

// How robust the forest's large splits are, and the same for one of them, which is added: entry b counts the splits
// that survive at least 2^b - 1 and fewer than 2^(b+1) - 1 removals certainly.
void CountRobustness(const forest::Context& context, const forest::Node& node, std::vector<std::uint64_t>& histogram);
std::vector<std::uint64_t> RobustnessHistogram(const forest::Forest& forest, forest::Executor& executor);

}  // namespace hedgerow::unlearn
