// Prediction: from a row to the mean of its leaves' class frequencies.
#include <algorithm>

#include "forest/forest.h"
#include "forest/quarantine.h"

namespace hedgerow::forest {
namespace {

// Adds a leaf's smoothed frequencies.
template <class Count>
void AddLeaf(const Count* counts, std::uint32_t records, const Context& context, double* sums) {
  const std::size_t classes = context.classes;
  const double smoothing = context.parameters.smoothing;
  const double prior = smoothing / static_cast<double>(classes);
  const double total = records + smoothing;
  if (total == 0) {
    for (std::size_t y = 0; y < classes; ++y) sums[y] += 1.0 / static_cast<double>(classes);
    return;
  }
  for (std::size_t y = 0; y < classes; ++y) sums[y] += (counts[y] + prior) / total;
}

void AddLeaf(const Subtree& end, const SmallNode* leaf, const Context& context, double* sums) {
  if (end.quarantine() != nullptr) {
    AddLeaf(end.quarantine()->class_counts.data(), end.quarantine()->records, context, sums);
  } else if (end.small() == nullptr) {
    AddLeaf(end.node()->class_counts.data(), end.node()->records, context, sums);
  } else {
    AddLeaf(end.small()->counts().data() + leaf->word * context.classes, static_cast<std::uint32_t>(leaf->threshold),
            context, sums);
  }
}

// Split::Left without a jump: which kind an attribute is, and which way a row goes, cannot be foreseen.
std::size_t GoesRight(const Split& split, const Cell* row) {
  const auto x = static_cast<std::uint32_t>(row[split.attribute]);
  const std::uint32_t word = split.order.word;
  const std::uint32_t categorical = split.order.type == FeatureType::kCategorical ? ~0U : 0U;
  const std::uint32_t rank = (Mix32(x ^ word) & categorical) | ((x - word) & ~categorical);
  return static_cast<std::int32_t>(rank) > split.threshold ? 1 : 0;
}

// The large node's leaf, or the small tree, that the row comes to.
const Subtree* Next(const Subtree* subtree, const Cell* row) {
  const Node& node = *subtree->node();
  const Subtree* const children[] = {&node.left, &node.right};
  return children[GoesRight(node.split, row)];
}
bool Inner(const Subtree* subtree) {
  return subtree->node() != nullptr && !subtree->node()->leaf();
}

const SmallNode* Next(const SmallNode* node, const Cell* row) {
  const std::uint32_t steps[] = {1, node->right};
  return node + steps[GoesRight(node->split(), row)];
}

// A row on its way down a tree.
struct Path {
  const Subtree* subtree = nullptr;
  const SmallNode* leaf = nullptr;
  const Cell* row = nullptr;
};

// Paths that are gone together: while one waits for memory, the others go on.
constexpr std::size_t kTogether = 8;

// Takes all paths to their leaves.
void Walk(std::span<Path> paths) {
  for (bool moved = true; moved;) {
    moved = false;
    for (Path& path : paths) {
      if (!Inner(path.subtree)) continue;
      path.subtree = Next(path.subtree, path.row);
      moved = true;
    }
  }
  for (Path& path : paths)
    path.leaf = path.subtree->small() != nullptr ? path.subtree->small()->nodes().data() : nullptr;
  for (bool moved = true; moved;) {
    moved = false;
    for (Path& path : paths) {
      if (path.leaf == nullptr || path.leaf->leaf()) continue;
      path.leaf = Next(path.leaf, path.row);
      moved = true;
    }
  }
}

// Rows a task: with the trees in the outer loop, a tree stays in the cache while they pass through it.
constexpr std::size_t kRowsATask = 256;

}  // namespace

void Forest::Predict(const Cell* row, double* probabilities) const {
  std::fill(probabilities, probabilities + classes(), 0.0);
  for (std::size_t first = 0; first < trees_.size(); first += kTogether) {
    Path paths[kTogether];
    const std::size_t n = std::min(kTogether, trees_.size() - first);
    for (std::size_t t = 0; t < n; ++t) paths[t] = {&trees_[first + t].root, nullptr, row};
    Walk({paths, n});
    for (std::size_t t = 0; t < n; ++t) AddLeaf(*paths[t].subtree, paths[t].leaf, context_, probabilities);
  }
  for (std::size_t y = 0; y < classes(); ++y) probabilities[y] /= static_cast<double>(trees_.size());
}

void Forest::PredictBatch(const Cell* rows, std::size_t count, double* probabilities, Executor& executor) const {
  executor.ParallelFor((count + kRowsATask - 1) / kRowsATask, [&](std::size_t task) {
    const std::size_t begin = task * kRowsATask;
    const std::size_t end = std::min(count, begin + kRowsATask);
    double* const first = probabilities + begin * classes();
    double* const last = probabilities + end * classes();
    std::fill(first, last, 0.0);
    for (const Tree& tree : trees_) {
      for (std::size_t i = begin; i < end; i += kTogether) {
        Path paths[kTogether];
        const std::size_t n = std::min(kTogether, end - i);
        for (std::size_t r = 0; r < n; ++r) paths[r] = {&tree.root, nullptr, rows + (i + r) * width()};
        Walk({paths, n});
        for (std::size_t r = 0; r < n; ++r) {
          AddLeaf(*paths[r].subtree, paths[r].leaf, context_, probabilities + (i + r) * classes());
        }
      }
    }
    for (double* p = first; p != last; ++p) *p /= static_cast<double>(trees_.size());
  });
}

ClassCode MostProbable(std::span<const double> probabilities) {
  return static_cast<ClassCode>(std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin());
}

}  // namespace hedgerow::forest
