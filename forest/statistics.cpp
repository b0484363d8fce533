#include "forest/statistics.h"

#include <algorithm>
#include <cstring>

#include "forest/anchors.h"
#include "forest/hash.h"
#include "forest/kernels.h"

namespace hedgerow::forest {
namespace {

// Rows of chosen attributes are put together in pieces that stay in the first-level cache.
constexpr std::uint32_t kPiece = 128;

bool IsCategorical(const Context& context, std::size_t attribute) {
  return context.types[attribute] == FeatureType::kCategorical;
}

// The lanes' orders, from the node's key.
void SetOrders(const Context& context, std::uint64_t key, Statistics& statistics) {
  for (std::size_t lane = 0; lane < statistics.lanes; ++lane) {
    statistics.categorical()[lane] = IsCategorical(context, statistics.attribute(lane)) ? ~0U : 0U;
  }
  if (statistics.attributes.empty()) {
    BestKernels().order_words(Hash(key, kAttributeOrder), statistics.categorical(), statistics.stride(),
                              statistics.words());
    return;
  }
  for (std::size_t lane = 0; lane < statistics.lanes; ++lane) {
    const std::uint32_t attribute = statistics.attributes[lane];
    statistics.words()[lane] = AttributeOrder(context.types[attribute], AttributeWord(key, attribute)).word;
  }
}

// The first max_features attributes, in the order of their words, that are not constant.
void SelectAttributes(const Context& context, Workspace& workspace, const BlockRange& range, std::uint64_t key,
                      Statistics& statistics) {
  std::vector<std::uint32_t>& differs = workspace.differs;
  differs.assign(workspace.blocks.row_stride(), 0);
  BestKernels().differ(workspace.blocks.row(range, 0), range.size, workspace.blocks.row_stride(), differs.data());
  auto& order = workspace.order;
  order.clear();
  for (std::size_t a = 0; a < context.width(); ++a) {
    order.emplace_back(AttributeWord(key, a), static_cast<std::uint16_t>(a));
  }
  std::sort(order.begin(), order.end());
  statistics.attributes.clear();
  statistics.constants.clear();
  for (const auto& [word, attribute] : order) {
    if (statistics.attributes.size() == context.parameters.max_features) break;
    (differs[attribute] != 0 ? statistics.attributes : statistics.constants).push_back(attribute);
  }
  std::sort(statistics.attributes.begin(), statistics.attributes.end());
  std::sort(statistics.constants.begin(), statistics.constants.end());
}

// Copies the lanes' cells of n rows from `first` side by side.
const Cell* Gather(const Statistics& statistics, Workspace& workspace, const BlockRange& range, std::size_t first,
                   std::size_t n) {
  const std::size_t stride = statistics.stride();
  std::vector<Cell>& cells = workspace.gathered;
  cells.resize(std::max(cells.size(), n * stride));
  for (std::size_t i = 0; i < n; ++i) {
    const Cell* row = workspace.blocks.row(range, first + i);
    Cell* to = cells.data() + i * stride;
    for (std::size_t lane = 0; lane < statistics.lanes; ++lane) to[lane] = row[statistics.attributes[lane]];
    std::fill(to + statistics.lanes, to + stride, 0);
  }
  return cells.data();
}

void RankAnchors(Workspace& workspace, const BlockRange& range, Statistics& statistics) {
  for (std::size_t j = 0; j < statistics.anchors.size(); ++j) {
    const std::uint32_t anchor = workspace.anchors[j];
    const Cell* row = statistics.attributes.empty() ? workspace.blocks.row(range, anchor)
                                                    : Gather(statistics, workspace, range, anchor, 1);
    BestKernels().rank(row, statistics.orders(), statistics.anchor_ranks() + j * statistics.stride());
  }
}

// Counts `n` records of one class from `first`.
void CountRun(Workspace& workspace, const BlockRange& range, std::size_t first, std::size_t n,
              std::size_t class_of_table, Statistics& statistics) {
  CountTask task{.n = n,
                 .orders = statistics.orders(),
                 .anchor_ranks = statistics.anchor_ranks(),
                 .anchors = statistics.anchors.size(),
                 .below = statistics.row(class_of_table),
                 .equal = statistics.row(statistics.equal_row(class_of_table))};
  if (statistics.attributes.empty()) {
    task.rows = workspace.blocks.row(range, first);
    task.row_stride = workspace.blocks.row_stride();
    BestKernels().count(task);
    return;
  }
  task.row_stride = statistics.stride();
  for (std::size_t done = 0; done < n; done += kPiece) {
    task.n = std::min<std::size_t>(kPiece, n - done);
    task.rows = Gather(statistics, workspace, range, first + done, task.n);
    BestKernels().count(task);
  }
}

// All that are neither below nor equal.
void CountAbove(std::uint32_t records, Statistics& statistics) {
  BestKernels().remain(statistics.row(0), 2 * statistics.classes, statistics.width(), records,
                       statistics.row(statistics.above_row()));
}

struct Scores {
  double* scores;
  const std::uint32_t* lefts;
  double best;  // of the valid candidates
};

Scores ScoreAll(const Context& context, const Counted& node) {
  const Statistics& statistics = *node.statistics;
  const std::size_t width = statistics.width();
  thread_local std::vector<double> scores;
  thread_local std::vector<std::uint32_t> lefts;
  if (scores.size() < width) {
    scores.resize(width);
    lefts.resize(width);
  }
  const std::uint32_t* counts = statistics.row(0);
  if (statistics.count_bytes != sizeof *counts) {
    thread_local std::vector<std::uint32_t> unpacked;
    unpacked.resize(statistics.count_rows() * width);
    statistics.CopyCounts(unpacked.data());
    counts = unpacked.data();
  }
  const double best = BestKernels().score({.counts = counts,
                                           .width = width,
                                           .class_counts = node.class_counts.data(),
                                           .classes = statistics.classes,
                                           .records = node.records,
                                           .min_leaf = context.parameters.min_leaf,
                                           .scores = scores.data(),
                                           .lefts = lefts.data()});
  return {scores.data(), lefts.data(), best};
}

// Whether candidate a comes before candidate b: attributes in the order of their words, then anchors.
bool Before(const Counted& node, std::uint32_t a, std::uint32_t b) {
  const std::size_t stride = node.statistics->stride();
  const std::uint32_t attribute_a = node.statistics->attribute(a % stride);
  const std::uint32_t attribute_b = node.statistics->attribute(b % stride);
  if (attribute_a == attribute_b) return a < b;
  const std::uint64_t word_a = AttributeWord(node.key, attribute_a);
  const std::uint64_t word_b = AttributeWord(node.key, attribute_b);
  return word_a != word_b ? word_a < word_b : attribute_a < attribute_b;
}

// The first of the best.
std::uint32_t Best(const Context& context, const Counted& node, const Scores& table) {
  if (table.best < 0) return kNoChampion;
  const std::uint32_t min_leaf = context.parameters.min_leaf;
  const std::size_t width = node.statistics->width();
  std::uint32_t best = kNoChampion;
  const auto seek = BestKernels().seek;
  for (std::size_t eight = seek(table.scores, 0, width, table.best); eight < width;
       eight = seek(table.scores, eight + 8, width, table.best)) {
    for (auto c = static_cast<std::uint32_t>(eight); c < eight + 8; ++c) {
      if (table.scores[c] != table.best || table.lefts[c] < min_leaf || node.records - table.lefts[c] < min_leaf)
        continue;
      if (best == kNoChampion || Before(node, c, best)) best = c;
    }
  }
  return best;
}

}  // namespace

void CountStatistics(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
                     std::uint64_t key, std::span<const std::uint32_t> class_runs, Statistics& statistics) {
  DrawAnchors(context, records, range, key, workspace);
  const Slot* slots = workspace.blocks.slots(range);
  statistics.anchors.clear();
  for (const std::uint32_t anchor : workspace.anchors) statistics.anchors.push_back(slots[anchor]);
  if (!context.all_features()) SelectAttributes(context, workspace, range, key, statistics);
  statistics.lanes =
      static_cast<std::uint32_t>(context.all_features() ? context.width() : statistics.attributes.size());
  statistics.classes = static_cast<std::uint32_t>(class_runs.size());
  statistics.ResetTable();
  SetOrders(context, key, statistics);
  RankAnchors(workspace, range, statistics);
  std::size_t begin = 0;
  for (std::size_t y = 0; y < class_runs.size(); ++y) {
    if (class_runs[y] != 0) CountRun(workspace, range, begin, class_runs[y], y, statistics);
    begin += class_runs[y];
  }
  CountAbove(range.size, statistics);
}

std::uint32_t ChooseCandidate(const Context& context, const Counted& node) {
  return Best(context, node, ScoreAll(context, node));
}

Choice ChooseChampion(const Context& context, const Node& node) {
  const Statistics& statistics = node.statistics;
  const Counted counted{node.key, node.records, node.class_counts, &statistics};
  const Scores table = ScoreAll(context, counted);
  Choice choice;
  choice.champion = Best(context, counted, table);
  if (choice.champion == kNoChampion) return choice;
  const std::uint32_t lefts = table.lefts[choice.champion];
  choice.score = table.scores[choice.champion];
  choice.lefts = lefts;
  const std::size_t stride = statistics.stride();
  const std::size_t lane = choice.champion % stride;
  for (std::size_t c = lane; c < statistics.width(); c += stride) {
    // The candidates of an attribute are nested: those that put equally many records on the left are twins.
    if (table.lefts[c] != lefts) continue;
    choice.twins |= c != choice.champion;
    table.scores[c] = -1;
  }
  choice.scores = {table.scores, statistics.width()};
  choice.challenger_score = BestKernels().largest(table.scores, statistics.width());
  return choice;
}

CandidateTable ScoreCandidates(const Context& context, const Node& node) {
  const Scores table = ScoreAll(context, {node.key, node.records, node.class_counts, &node.statistics});
  return {table.scores, table.lefts};
}

std::uint32_t CountLeft(const Statistics& statistics, std::uint32_t candidate, std::size_t class_of_table) {
  const std::uint32_t below = statistics.Count(class_of_table, candidate);
  if (statistics.Count(statistics.above_row(), candidate) == 0) return below;
  return below + statistics.Count(statistics.equal_row(class_of_table), candidate);
}

std::uint32_t CountLeft(const Statistics& statistics, std::uint32_t candidate) {
  std::uint32_t lefts = 0;
  for (std::size_t y = 0; y < statistics.classes; ++y) lefts += CountLeft(statistics, candidate, y);
  return lefts;
}

Split EffectiveSplit(const Context& context, const Statistics& statistics, std::uint32_t candidate) {
  const std::size_t lane = candidate % statistics.stride();
  const std::uint32_t attribute = statistics.attribute(lane);
  const std::int32_t rank = statistics.anchor_ranks()[candidate];
  return {attribute,
          {statistics.orders().words[lane], context.types[attribute]},
          statistics.Count(statistics.above_row(), candidate) != 0 ? rank : rank - 1};
}

bool IsConstant(const Statistics& statistics, std::size_t lane) {
  std::uint32_t others = statistics.Count(statistics.above_row(), lane);
  for (std::size_t y = 0; y < statistics.classes; ++y) others |= statistics.Count(y, lane);
  return others == 0;
}

void CompleteStatistics(const Context& context, const Records& records, Node& node) {
  Statistics& statistics = node.statistics;
  SetOrders(context, node.key, statistics);
  std::vector<Cell> cells(statistics.stride(), 0);
  for (std::size_t j = 0; j < statistics.anchors.size(); ++j) {
    const Cell* row = records.row(statistics.anchors[j]);
    for (std::size_t lane = 0; lane < statistics.lanes; ++lane) cells[lane] = row[statistics.attribute(lane)];
    BestKernels().rank(cells.data(), statistics.orders(), statistics.anchor_ranks() + j * statistics.stride());
  }
  // Nothing can be told of lanes that do not exist: all records are equal there.
  for (std::size_t j = 0; j < statistics.anchors.size(); ++j) {
    for (std::size_t lane = statistics.lanes; lane < statistics.stride(); ++lane) {
      for (std::size_t y = 0; y < statistics.classes; ++y) {
        statistics.row(statistics.equal_row(y))[j * statistics.stride() + lane] = node.class_counts[y];
      }
    }
  }
  CountAbove(node.records, statistics);
  statistics.Pack(node.records);
  if (!node.leaf()) node.split = EffectiveSplit(context, statistics, node.champion);
}

}  // namespace hedgerow::forest
