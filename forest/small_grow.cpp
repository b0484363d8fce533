#include "forest/small_grow.h"

#include <algorithm>

#include "forest/anchors.h"
#include "forest/grow.h"
#include "forest/hash.h"
#include "forest/kernels.h"

namespace hedgerow::forest {
namespace {

static_assert(kSmallRecords <= kMaskBits);

// The runs of the classes that occur, as masks.
struct ClassMasks {
  std::size_t present = 0;
  Mask masks[kSmallRecords];
  std::uint32_t counts[kSmallRecords];

  ClassMasks(const BlockRange& range, std::size_t classes) {
    std::uint32_t begin = 0;
    for (std::size_t y = 0; y < classes && begin < range.size; ++y) {
      const std::uint32_t count = range.class_counts[y];
      if (count == 0) continue;
      masks[present] = MaskOfRange(begin, begin + count);
      counts[present++] = count;
      begin += count;
    }
  }
};

// The best split so far; the earlier candidate keeps its place among equals.
struct Best {
  double score = -1;
  std::uint64_t word = 0;
  Split split;
};

double ScoreOf(const Mask& left, std::uint32_t lefts, std::uint32_t size, const ClassMasks& classes) {
  std::uint64_t left_squares = 0;
  std::uint64_t right_squares = 0;
  for (std::size_t c = 0; c < classes.present; ++c) {
    const std::uint64_t l = (left & classes.masks[c]).Count();
    const std::uint64_t r = classes.counts[c] - l;
    left_squares += l * l;
    right_squares += r * r;
  }
  return static_cast<double>(left_squares) / lefts + static_cast<double>(right_squares) / (size - lefts);
}

class Chooser {
 public:
  Chooser(const Context& context, Workspace& workspace, const BlockRange& range)
      : context_(context), workspace_(workspace), range_(range), classes_(range, context.classes) {}

  // Tries an attribute's candidates. False if it is constant here.
  bool Try(std::uint16_t attribute, std::uint64_t word) {
    const Order order = AttributeOrder(context_.types[attribute], word);
    kernels_.nest(workspace_.blocks.column(range_, attribute), range_.size, order, workspace_.anchors, splits_);
    for (std::uint32_t k = 0; k < splits_.count; ++k) {
      const std::uint32_t lefts = splits_.lefts[k].Count();
      if (lefts < context_.parameters.min_leaf || range_.size - lefts < context_.parameters.min_leaf) continue;
      const double score = ScoreOf(splits_.lefts[k], lefts, range_.size, classes_);
      if (score < best_.score) continue;
      // Attributes come in any order here, so the order words decide between equals.
      const bool before = word != best_.word ? word < best_.word : attribute < best_.split.attribute;
      if (score == best_.score && !before) continue;
      best_ = {score, word, {attribute, order, splits_.thresholds[k]}};
    }
    return splits_.count != 0;
  }

  const Best& best() const { return best_; }

 private:
  const Context& context_;
  Workspace& workspace_;
  const BlockRange& range_;
  const ClassMasks classes_;
  const Kernels& kernels_ = BestKernels();
  NestedSplits splits_;
  Best best_;
};

// The first max_features attributes that vary, in the order of their words. The later ones stay, untried.
void TryInOrder(const Context& context, Workspace& workspace, std::uint64_t key, std::uint32_t depth,
                Chooser& chooser) {
  auto& order = workspace.order;
  order.clear();
  for (const std::uint16_t a : workspace.varying(depth)) order.emplace_back(AttributeWord(key, a), a);
  std::sort(order.begin(), order.end());
  std::vector<std::uint16_t>& varying = workspace.varying(depth + 1);
  std::uint32_t used = 0;
  for (const auto& [word, attribute] : order) {
    const bool enough = used == context.parameters.max_features;
    if (!enough && !chooser.Try(attribute, word)) continue;
    used += enough ? 0 : 1;
    varying.push_back(attribute);
  }
}

}  // namespace

std::optional<Split> ChooseSmallSplit(const Context& context, const Records& records, Workspace& workspace,
                                      const BlockRange& range, std::uint64_t key, std::uint32_t depth) {
  if (IsTerminal(context, range.size, {range.class_counts, context.classes}, depth)) return std::nullopt;
  DrawAnchors(context, records, range, key, workspace);
  Chooser chooser(context, workspace, range);
  std::vector<std::uint16_t>& varying = workspace.varying(depth + 1);
  varying.clear();
  if (context.parameters.max_features != 0) {
    TryInOrder(context, workspace, key, depth, chooser);
  } else {
    for (const std::uint16_t a : workspace.varying(depth)) {
      if (chooser.Try(a, AttributeWord(key, a))) varying.push_back(a);
    }
  }
  if (chooser.best().score < 0) return std::nullopt;
  return chooser.best().split;
}

Sides SplitRange(Workspace& workspace, const BlockRange& range, const Split& split, std::uint32_t depth) {
  const std::span<std::uint32_t> left = workspace.left_counts(depth);
  const std::span<std::uint32_t> right = workspace.right_counts(depth);
  const std::uint32_t lefts = workspace.blocks.Partition(range, split, workspace.varying(depth + 1), left);
  for (std::size_t y = 0; y < left.size(); ++y) right[y] = range.class_counts[y] - left[y];
  const std::uint32_t side = 1 - range.side;
  return {{side, range.begin, lefts, left.data()},
          {side, range.begin + lefts, range.size - lefts, right.data()}};
}

void AppendInner(const Split& split, SmallTreeParts& parts) {
  const bool categorical = split.order.type == FeatureType::kCategorical;
  const auto attribute = static_cast<std::uint16_t>(split.attribute | (categorical ? SmallNode::kCategoricalBit : 0U));
  parts.nodes.push_back({split.threshold, split.order.word, attribute, 0});
}

void GrowSmallFrom(const std::optional<Split>& split, const Context& context, const Records& records,
                   Workspace& workspace, const BlockRange& range, std::uint64_t key, std::uint32_t depth) {
  SmallTreeParts& parts = workspace.parts;
  if (!split) {
    parts.nodes.push_back({static_cast<std::int32_t>(range.size), parts.leaves++, 0, 0});
    for (std::size_t y = 0; y < context.classes; ++y) {
      parts.counts.push_back(static_cast<std::uint8_t>(range.class_counts[y]));
    }
    const Slot* slots = workspace.blocks.slots(range);
    parts.slots.insert(parts.slots.end(), slots, slots + range.size);
    return;
  }
  const std::size_t at = parts.nodes.size();
  AppendInner(*split, parts);
  const Sides sides = SplitRange(workspace, range, *split, depth);
  GrowSmall(context, records, workspace, sides.left, ChildKey(key, false), depth + 1);
  parts.nodes[at].right = static_cast<std::uint16_t>(parts.nodes.size() - at);
  GrowSmall(context, records, workspace, sides.right, ChildKey(key, true), depth + 1);
}

void GrowSmall(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
               std::uint64_t key, std::uint32_t depth) {
  const auto split = ChooseSmallSplit(context, records, workspace, range, key, depth);
  GrowSmallFrom(split, context, records, workspace, range, key, depth);
}

}  // namespace hedgerow::forest
