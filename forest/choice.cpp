// Choosing the champion among a node's candidates (statistics.h).
#include "forest/hash.h"
#include "forest/kernels.h"
#include "forest/statistics.h"

namespace hedgerow::forest {
namespace {

// A node's counts, as choosing needs them: of a CountTable, or what a node keeps of one.
template <class Table>
struct Counted {
  std::uint64_t key = 0;
  std::uint32_t records = 0;
  std::span<const std::uint32_t> class_counts;
  const Table& table;
  const std::uint32_t* counts = nullptr;  // the table's, 4 bytes each
};

Counted<Statistics> CountedOf(const Node& node) {
  const Statistics& statistics = node.statistics;
  thread_local std::vector<std::uint32_t> unpacked;
  unpacked.resize((statistics.above_row() + 1) * statistics.width());
  statistics.CopyCounts(node.records, unpacked.data());
  return {node.key, node.records, node.class_counts, statistics, unpacked.data()};
}

struct Scores {
  double* scores;
  const std::uint32_t* lefts;
  double best;  // of the valid candidates
};

template <class Table>
Scores ScoreAll(const Context& context, const Counted<Table>& node) {
  const std::size_t width = node.table.width();
  thread_local std::vector<double> scores;
  thread_local std::vector<std::uint32_t> lefts;
  if (scores.size() < width) {
    scores.resize(width);
    lefts.resize(width);
  }
  const double best = BestKernels().score({.counts = node.counts,
                                           .width = width,
                                           .class_counts = node.class_counts.data(),
                                           .classes = node.class_counts.size(),
                                           .records = node.records,
                                           .min_leaf = context.parameters.min_leaf,
                                           .scores = scores.data(),
                                           .lefts = lefts.data()});
  return {scores.data(), lefts.data(), best};
}

// Whether candidate a comes before candidate b: attributes in the order of their words, then anchors.
template <class Table>
bool Before(const Counted<Table>& node, std::uint32_t a, std::uint32_t b) {
  const std::size_t stride = node.table.stride();
  const std::uint32_t attribute_a = node.table.attribute(a % stride);
  const std::uint32_t attribute_b = node.table.attribute(b % stride);
  if (attribute_a == attribute_b) return a < b;
  const std::uint64_t word_a = AttributeWord(node.key, attribute_a);
  const std::uint64_t word_b = AttributeWord(node.key, attribute_b);
  return word_a != word_b ? word_a < word_b : attribute_a < attribute_b;
}

// The first of the best.
template <class Table>
std::uint32_t Best(const Context& context, const Counted<Table>& node, const Scores& scores) {
  if (scores.best < 0) return kNoChampion;
  const std::uint32_t min_leaf = context.parameters.min_leaf;
  const std::size_t width = node.table.width();
  std::uint32_t best = kNoChampion;
  const auto seek = BestKernels().seek;
  for (std::size_t eight = seek(scores.scores, 0, width, scores.best); eight < width;
       eight = seek(scores.scores, eight + 8, width, scores.best)) {
    for (auto c = static_cast<std::uint32_t>(eight); c < eight + 8; ++c) {
      if (scores.scores[c] != scores.best || scores.lefts[c] < min_leaf || node.records - scores.lefts[c] < min_leaf)
        continue;
      if (best == kNoChampion || Before(node, c, best)) best = c;
    }
  }
  return best;
}

}  // namespace

std::uint32_t ChooseCandidate(const Context& context, std::uint64_t key, std::uint32_t records,
                              std::span<const std::uint32_t> class_counts, const CountTable& table) {
  const Counted<CountTable> counted{key, records, class_counts, table, table.row(0)};
  return Best(context, counted, ScoreAll(context, counted));
}

Choice ChooseChampion(const Context& context, const Node& node) {
  const Counted<Statistics> counted = CountedOf(node);
  const Scores table = ScoreAll(context, counted);
  Choice choice;
  choice.champion = Best(context, counted, table);
  if (choice.champion == kNoChampion) return choice;
  const std::uint32_t lefts = table.lefts[choice.champion];
  choice.score = table.scores[choice.champion];
  choice.lefts = lefts;
  const std::size_t stride = node.statistics.stride(), width = node.statistics.width();
  for (std::size_t c = choice.champion % stride; c < width; c += stride) {
    // The candidates of an attribute are nested: those that put equally many records on the left are twins.
    if (table.lefts[c] != lefts) continue;
    choice.twins |= c != choice.champion;
    table.scores[c] = -1;
  }
  choice.scores = {table.scores, width};
  choice.challenger_score = BestKernels().largest(table.scores, width);
  return choice;
}

CandidateTable ScoreCandidates(const Context& context, const Node& node) {
  const Scores table = ScoreAll(context, CountedOf(node));
  return {table.scores, table.lefts};
}

}  // namespace hedgerow::forest
