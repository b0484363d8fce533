#include "forest/statistics.h"

#include <algorithm>
#include <numeric>

#include "forest/anchors.h"
#include "forest/hash.h"
#include "forest/kernels.h"

namespace hedgerow::forest {
namespace {

// Ranks of one piece of a column stay in the first-level cache while all pivots are counted in it.
constexpr std::uint32_t kPiece = 4096;

// Counts one attribute's candidates.
class AttributeCounter {
 public:
  AttributeCounter(const Context& context, Workspace& workspace, const BlockRange& range)
      : classes_(context.classes), workspace_(workspace), range_(range) {
    if (workspace.ranks.size() < kPiece + kLanes) workspace.ranks.resize(kPiece + kLanes);
    counts_.resize(2 * classes_ * workspace.anchors.size());
  }

  // False if the attribute is constant.
  bool Count(const CandidateAttribute& candidate) {
    const Cell* column = workspace_.blocks.column(range_, candidate.attribute);
    for (std::size_t j = 0; j < thresholds(); ++j) ranks_[j] = candidate.order.Rank(column[workspace_.anchors[j]]);
    std::fill(counts_.begin(), counts_.end(), 0U);
    for (std::uint32_t begin = 0; begin < range_.size; begin += kPiece) CountPiece(column, candidate.order, begin);
    std::uint32_t equal = 0;
    for (std::size_t y = 0; y < classes_; ++y) equal += At(classes_ + y, 0);
    return equal != range_.size;
  }

  // Writes what was counted as the columns of the attribute at this position.
  void Write(std::size_t position, Statistics& statistics) const {
    for (std::size_t j = 0; j < thresholds(); ++j) {
      const std::size_t column = position * thresholds() + j;
      const std::size_t source = FirstOfRank(j);
      statistics.anchor_ranks[column] = ranks_[j];
      std::uint32_t above = range_.size;
      for (std::size_t row = 0; row < 2 * classes_; ++row) {
        const std::uint32_t count = counts_[row * thresholds() + source];
        statistics.row(row)[column] = count;
        above -= count;
      }
      statistics.row(2 * classes_)[column] = above;
    }
  }

 private:
  std::size_t thresholds() const { return workspace_.anchors.size(); }
  std::uint32_t& At(std::size_t row, std::size_t j) { return counts_[row * thresholds() + j]; }
  std::size_t FirstOfRank(std::size_t j) const {
    return static_cast<std::size_t>(std::find(ranks_, ranks_ + j, ranks_[j]) - ranks_);
  }

  void CountPiece(const Cell* column, Order order, std::uint32_t begin) {
    const std::uint32_t end = std::min(begin + kPiece, range_.size);
    std::int32_t* ranks = workspace_.ranks.data();
    kernels_.rank(column + begin, end - begin, order, ranks);
    for (std::size_t j = 0; j < thresholds(); ++j) {
      if (FirstOfRank(j) != j) continue;
      std::uint32_t run_begin = 0;
      for (std::size_t y = 0; y < classes_ && run_begin < end; ++y) {
        const std::uint32_t run_end = run_begin + range_.class_counts[y];
        const std::uint32_t from = std::max(run_begin, begin);
        const std::uint32_t to = std::min(run_end, end);
        run_begin = run_end;
        if (from >= to) continue;
        const BelowEqual found = kernels_.count(ranks + (from - begin), to - from, ranks_[j]);
        At(y, j) += found.below;
        At(classes_ + y, j) += found.equal;
      }
    }
  }

  std::size_t classes_;
  Workspace& workspace_;
  const BlockRange& range_;
  const Kernels& kernels_ = BestKernels();
  std::int32_t ranks_[kMaxThresholds];
  std::vector<std::uint32_t> counts_;  // rows of `thresholds()` columns
};

// Gives the tables room for this many attributes.
void Widen(Statistics& statistics, std::size_t attributes, std::size_t classes) {
  const std::size_t stride = Statistics::StrideOf(attributes * statistics.anchors.size());
  statistics.anchor_ranks.assign(stride, 0);
  statistics.counts.assign((2 * classes + 1) * stride, 0);
}

// Brings the tables from the width that they were made for to that of the attributes that are there.
void Narrow(Statistics& statistics, std::size_t made_for, std::size_t classes) {
  const std::size_t from = Statistics::StrideOf(made_for * statistics.anchors.size());
  const std::size_t to = statistics.stride();
  if (from == to) return;
  for (std::size_t row = 1; row <= 2 * classes; ++row) {
    std::copy_n(statistics.counts.begin() + static_cast<std::ptrdiff_t>(row * from), to,
                statistics.counts.begin() + static_cast<std::ptrdiff_t>(row * to));
  }
  statistics.anchor_ranks.resize(to);
  statistics.counts.resize((2 * classes + 1) * to);
  statistics.anchor_ranks.shrink_to_fit();
  statistics.counts.shrink_to_fit();
}

}  // namespace

Statistics CountStatistics(const Context& context, const Records& records, Workspace& workspace,
                           const BlockRange& range, std::uint64_t key, std::uint32_t depth) {
  DrawAnchors(context, records, range, key, workspace);
  Statistics statistics;
  const Slot* slots = workspace.blocks.slots(range);
  for (const std::uint32_t anchor : workspace.anchors) statistics.anchors.push_back(slots[anchor]);

  auto& order = workspace.order;
  order.clear();
  for (std::size_t a = 0; a < context.width(); ++a) {
    order.emplace_back(AttributeWord(key, a), static_cast<std::uint16_t>(a));
  }
  std::sort(order.begin(), order.end());
  const std::vector<std::uint16_t>& may_vary = workspace.varying(depth);
  const std::size_t wanted = context.parameters.max_features == 0 ? context.width() : context.parameters.max_features;
  const std::size_t room = std::min(wanted, may_vary.size());
  statistics.attributes.reserve(room);

  std::vector<std::uint16_t>& varying = workspace.varying(depth + 1);
  varying.clear();
  AttributeCounter counter(context, workspace, range);
  // The tables are written as wide as they may become, and narrowed at the end.
  Statistics wide;
  wide.anchors = statistics.anchors;
  wide.attributes.resize(room);
  Widen(wide, room, context.classes);
  for (const auto& [word, attribute] : order) {
    const bool possible = std::binary_search(may_vary.begin(), may_vary.end(), attribute);
    const bool enough = statistics.attributes.size() == wanted;
    const CandidateAttribute candidate{attribute, AttributeOrder(context.types[attribute], word)};
    if (possible && !enough && counter.Count(candidate)) {
      counter.Write(statistics.attributes.size(), wide);
      statistics.attributes.push_back(candidate);
      varying.push_back(attribute);
    } else if (possible && enough) {
      varying.push_back(attribute);
    } else if (!enough) {
      statistics.constants.push_back(attribute);
    }
  }
  std::sort(varying.begin(), varying.end());
  std::sort(statistics.constants.begin(), statistics.constants.end());
  statistics.attributes.shrink_to_fit();
  statistics.anchor_ranks = std::move(wide.anchor_ranks);
  statistics.counts = std::move(wide.counts);
  Narrow(statistics, room, context.classes);
  return statistics;
}

Choice ChooseChampion(const Context& context, const Node& node) {
  const Statistics& statistics = node.statistics;
  const auto thresholds = static_cast<std::uint32_t>(statistics.anchors.size());
  const std::size_t stride = statistics.stride();
  thread_local std::vector<double> scratch;
  if (scratch.size() < 4 * stride) scratch.resize(4 * stride);
  const ScoreTable table{scratch.data(), scratch.data() + stride, scratch.data() + 2 * stride,
                         scratch.data() + 3 * stride};
  BestKernels().scores(statistics.counts.data(), stride, node.class_counts.data(), context.classes, node.records, table);

  const double min_leaf = context.parameters.min_leaf;
  Choice choice;
  double champion_lefts = 0;
  for (std::uint32_t first = 0; first < statistics.size(); first += thresholds) {
    // The candidates of an attribute are nested: those that put equally many records on the left are twins.
    bool holds_champion = false;
    for (std::uint32_t candidate = first; candidate < first + thresholds; ++candidate) {
      const double lefts = table.lefts[candidate];
      const double score = table.scores[candidate];
      if (std::find(table.lefts + first, table.lefts + candidate, lefts) != table.lefts + candidate) {
        choice.twins |= holds_champion && lefts == champion_lefts;
      } else if (score > choice.score && lefts >= min_leaf && node.records - lefts >= min_leaf) {
        choice.challenger_score = std::max(choice.challenger_score, choice.score);
        choice.champion = candidate;
        choice.score = score;
        champion_lefts = lefts;
        holds_champion = true;
        choice.twins = false;
      } else {
        choice.challenger_score = std::max(choice.challenger_score, score);
      }
    }
  }
  choice.lefts = static_cast<std::uint32_t>(champion_lefts);
  return choice;
}

std::uint32_t CountLeft(const Node& node, std::uint32_t candidate) {
  const std::size_t classes = node.class_counts.size();
  const bool with_equal = node.statistics.above()[candidate] != 0;
  std::uint32_t lefts = 0;
  for (std::size_t row = 0; row < (with_equal ? 2 * classes : classes); ++row) lefts += node.statistics.row(row)[candidate];
  return lefts;
}

Split EffectiveSplit(const Statistics& statistics, std::uint32_t candidate) {
  const CandidateAttribute& attribute = statistics.of(candidate);
  const std::int32_t rank = statistics.anchor_ranks[candidate];
  return {attribute.attribute, attribute.order, statistics.above()[candidate] != 0 ? rank : rank - 1};
}

void DropAttribute(Statistics& statistics, std::size_t position, std::size_t classes) {
  const std::size_t thresholds = statistics.anchors.size();
  const std::size_t before = statistics.attributes.size();
  const std::size_t behind = (before - position - 1) * thresholds;
  const auto close_gap = [&](auto* row) {
    std::copy_n(row + (position + 1) * thresholds, behind, row + position * thresholds);
  };
  for (std::size_t row = 0; row <= 2 * classes; ++row) close_gap(statistics.row(row));
  close_gap(statistics.anchor_ranks.data());
  const auto attribute = static_cast<std::uint16_t>(statistics.attributes[position].attribute);
  statistics.constants.insert(std::lower_bound(statistics.constants.begin(), statistics.constants.end(), attribute),
                              attribute);
  statistics.attributes.erase(statistics.attributes.begin() + static_cast<std::ptrdiff_t>(position));
  Narrow(statistics, before, classes);
}

void CompleteStatistics(const Context& context, const Records& records, Node& node) {
  Statistics& statistics = node.statistics;
  statistics.anchor_ranks.assign(statistics.stride(), 0);
  std::size_t column = 0;
  for (CandidateAttribute& candidate : statistics.attributes) {
    const std::uint64_t word = AttributeWord(node.key, candidate.attribute);
    candidate.order = AttributeOrder(context.types[candidate.attribute], word);
    for (const Slot anchor : statistics.anchors) {
      statistics.anchor_ranks[column] = candidate.order.Rank(records.row(anchor)[candidate.attribute]);
      std::uint32_t above = node.records;
      for (std::size_t row = 0; row < 2 * context.classes; ++row) above -= statistics.row(row)[column];
      statistics.row(2 * context.classes)[column++] = above;
    }
  }
  if (!node.leaf()) node.split = EffectiveSplit(statistics, node.champion);
}

}  // namespace hedgerow::forest
