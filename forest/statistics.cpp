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
  }

  // Appends candidates and counts to `statistics`, and the attribute; or, if it is constant, nothing.
  bool Count(const CandidateAttribute& candidate, Statistics& statistics) {
    const std::size_t thresholds = workspace_.anchors.size();
    const Cell* column = workspace_.blocks.column(range_, candidate.attribute);
    for (std::size_t j = 0; j < thresholds; ++j) ranks_[j] = candidate.order.Rank(column[workspace_.anchors[j]]);

    const std::size_t first = statistics.counts.size();
    statistics.counts.resize(first + thresholds * 2 * classes_, 0);
    std::uint32_t* counts = statistics.counts.data() + first;
    for (std::uint32_t begin = 0; begin < range_.size; begin += kPiece) CountPiece(column, candidate.order, begin, counts);
    const std::uint32_t* equal = counts + classes_;
    if (std::accumulate(equal, equal + classes_, 0U) == range_.size) {
      statistics.counts.resize(first);
      return false;
    }
    for (std::size_t j = 0; j < thresholds; ++j) {
      std::uint32_t* mine = counts + j * 2 * classes_;
      const std::size_t twin = FirstOfRank(j);
      if (twin != j) std::copy_n(counts + twin * 2 * classes_, 2 * classes_, mine);
      statistics.candidates.push_back({ranks_[j], range_.size - std::accumulate(mine, mine + 2 * classes_, 0U)});
    }
    statistics.attributes.push_back(candidate);
    return true;
  }

 private:
  std::size_t FirstOfRank(std::size_t j) const {
    return static_cast<std::size_t>(std::find(ranks_, ranks_ + j, ranks_[j]) - ranks_);
  }

  void CountPiece(const Cell* column, Order order, std::uint32_t begin, std::uint32_t* counts) {
    const std::uint32_t end = std::min(begin + kPiece, range_.size);
    std::int32_t* ranks = workspace_.ranks.data();
    kernels_.rank(column + begin, end - begin, order, ranks);
    for (std::size_t j = 0; j < workspace_.anchors.size(); ++j) {
      if (FirstOfRank(j) != j) continue;
      std::uint32_t run_begin = 0;
      for (std::size_t y = 0; y < classes_ && run_begin < end; ++y) {
        const std::uint32_t run_end = run_begin + range_.class_counts[y];
        const std::uint32_t from = std::max(run_begin, begin);
        const std::uint32_t to = std::min(run_end, end);
        run_begin = run_end;
        if (from >= to) continue;
        const BelowEqual found = kernels_.count(ranks + (from - begin), to - from, ranks_[j]);
        counts[j * 2 * classes_ + y] += found.below;
        counts[j * 2 * classes_ + classes_ + y] += found.equal;
      }
    }
  }

  std::size_t classes_;
  Workspace& workspace_;
  const BlockRange& range_;
  const Kernels& kernels_ = BestKernels();
  std::int32_t ranks_[kMaxThresholds];
};

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
  const std::size_t wanted = context.parameters.max_features == 0 ? context.width() : context.parameters.max_features;
  const std::size_t room = std::min(wanted, context.width());
  statistics.attributes.reserve(room);
  statistics.candidates.reserve(room * statistics.anchors.size());
  statistics.counts.reserve((room + 1) * statistics.anchors.size() * 2 * context.classes);

  const std::vector<std::uint16_t>& may_vary = workspace.varying(depth);
  std::vector<std::uint16_t>& varying = workspace.varying(depth + 1);
  varying.clear();
  AttributeCounter counter(context, workspace, range);
  for (const auto& [word, attribute] : order) {
    const bool possible = std::binary_search(may_vary.begin(), may_vary.end(), attribute);
    const bool enough = statistics.attributes.size() == wanted;
    const CandidateAttribute candidate{attribute, AttributeOrder(context.types[attribute], word)};
    if (possible && (enough || counter.Count(candidate, statistics))) {
      varying.push_back(attribute);
    } else if (!enough) {
      statistics.constants.push_back(attribute);
    }
  }
  std::sort(varying.begin(), varying.end());
  std::sort(statistics.constants.begin(), statistics.constants.end());
  statistics.attributes.shrink_to_fit();
  statistics.candidates.shrink_to_fit();
  statistics.counts.shrink_to_fit();
  return statistics;
}

namespace {

struct Scored {
  double score = 0;
  std::uint32_t lefts = 0;
};

Scored Score(const Context& context, const Node& node, std::uint32_t candidate) {
  const std::size_t classes = context.classes;
  const std::uint32_t* below = node.statistics.below(candidate, classes);
  const std::uint32_t* equal = below + classes;
  const std::uint32_t with_equal = node.statistics.candidates[candidate].above != 0 ? 1 : 0;
  std::uint64_t left_squares = 0;
  std::uint64_t right_squares = 0;
  std::uint32_t lefts = 0;
  for (std::size_t y = 0; y < classes; ++y) {
    const std::uint64_t l = below[y] + with_equal * equal[y];
    const std::uint64_t r = node.class_counts[y] - l;
    left_squares += l * l;
    right_squares += r * r;
    lefts += static_cast<std::uint32_t>(l);
  }
  return {static_cast<double>(left_squares) / lefts + static_cast<double>(right_squares) / (node.records - lefts),
          lefts};
}

}  // namespace

Choice ChooseChampion(const Context& context, const Node& node) {
  const Statistics& statistics = node.statistics;
  const auto thresholds = static_cast<std::uint32_t>(statistics.anchors.size());
  const std::uint32_t min_leaf = context.parameters.min_leaf;
  Choice choice;
  std::uint32_t tried[kMaxThresholds];
  for (std::uint32_t first = 0; first < statistics.size(); first += thresholds) {
    // The candidates of an attribute are nested: those that put equally many records on the left are twins.
    std::uint32_t count = 0;
    std::uint32_t champion_lefts = 0;
    for (std::uint32_t candidate = first; candidate < first + thresholds; ++candidate) {
      const Scored scored = Score(context, node, candidate);
      if (std::find(tried, tried + count, scored.lefts) != tried + count) {
        choice.twins |= scored.lefts == champion_lefts;
        continue;
      }
      tried[count++] = scored.lefts;
      const bool valid = scored.lefts >= min_leaf && node.records - scored.lefts >= min_leaf;
      if (valid && scored.score > choice.score) {
        choice.challenger_score = std::max(choice.challenger_score, choice.score);
        choice.champion = candidate;
        choice.score = scored.score;
        choice.lefts = champion_lefts = scored.lefts;
        choice.twins = false;
      } else {
        choice.challenger_score = std::max(choice.challenger_score, scored.score);
      }
    }
  }
  return choice;
}

std::uint32_t CountLeft(const Node& node, std::uint32_t candidate) {
  const std::size_t classes = node.class_counts.size();
  const std::uint32_t* below = node.statistics.below(candidate, classes);
  const bool with_equal = node.statistics.candidates[candidate].above != 0;
  return std::accumulate(below, below + (with_equal ? 2 * classes : classes), 0U);
}

Split EffectiveSplit(const Statistics& statistics, std::uint32_t candidate) {
  const CandidateAttribute& attribute = statistics.of(candidate);
  const Candidate& it = statistics.candidates[candidate];
  return {attribute.attribute, attribute.order, it.above != 0 ? it.anchor_rank : it.anchor_rank - 1};
}

void DropAttribute(Statistics& statistics, std::size_t position, std::size_t classes) {
  const std::size_t thresholds = statistics.anchors.size();
  const auto erase = [position](auto& vector, std::size_t width) {
    const auto begin = vector.begin() + static_cast<std::ptrdiff_t>(position * width);
    vector.erase(begin, begin + static_cast<std::ptrdiff_t>(width));
  };
  const auto attribute = static_cast<std::uint16_t>(statistics.attributes[position].attribute);
  statistics.constants.insert(std::lower_bound(statistics.constants.begin(), statistics.constants.end(), attribute),
                              attribute);
  erase(statistics.attributes, 1);
  erase(statistics.candidates, thresholds);
  erase(statistics.counts, thresholds * 2 * classes);
}

void CompleteStatistics(const Context& context, const Records& records, Node& node) {
  Statistics& statistics = node.statistics;
  statistics.candidates.clear();
  for (CandidateAttribute& candidate : statistics.attributes) {
    const std::uint64_t word = AttributeWord(node.key, candidate.attribute);
    candidate.order = AttributeOrder(context.types[candidate.attribute], word);
    for (const Slot anchor : statistics.anchors) {
      const std::uint32_t* counts = statistics.below(statistics.candidates.size(), context.classes);
      const std::uint32_t at_most = std::accumulate(counts, counts + 2 * context.classes, 0U);
      statistics.candidates.push_back(
          {candidate.order.Rank(records.row(anchor)[candidate.attribute]), node.records - at_most});
    }
  }
  if (!node.leaf()) node.split = EffectiveSplit(statistics, node.champion);
}

}  // namespace hedgerow::forest
