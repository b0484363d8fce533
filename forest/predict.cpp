// Prediction: from a row to the mean of its leaves' class frequencies.
#include <algorithm>

#include "forest/forest.h"

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

void AddTree(const Subtree& root, const Cell* row, const Context& context, double* sums) {
  const Subtree* subtree = &root;
  while (subtree->small == nullptr) {
    const Node& node = *subtree->node;
    if (node.leaf()) {
      AddLeaf(node.class_counts.data(), node.records, context, sums);
      return;
    }
    subtree = node.split.Left(row[node.split.attribute]) ? &node.left : &node.right;
  }
  const SmallNode* node = subtree->small->nodes().data();
  while (!node->leaf()) {
    const Split split = node->split();
    node += split.Left(row[split.attribute]) ? 1 : node->right;
  }
  AddLeaf(subtree->small->counts().data() + node->word * context.classes, static_cast<std::uint32_t>(node->threshold),
          context, sums);
}

// Rows a task: with the trees in the outer loop, a tree stays in the cache while they pass through it.
constexpr std::size_t kRowsATask = 256;

}  // namespace

void Forest::Predict(const Cell* row, double* probabilities) const {
  std::fill(probabilities, probabilities + classes(), 0.0);
  for (const Tree& tree : trees_) AddTree(tree.root, row, context_, probabilities);
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
      for (std::size_t i = begin; i < end; ++i) {
        AddTree(tree.root, rows + i * width(), context_, probabilities + i * classes());
      }
    }
    for (double* p = first; p != last; ++p) *p /= static_cast<double>(trees_.size());
  });
}

ClassCode MostProbable(std::span<const double> probabilities) {
  return static_cast<ClassCode>(std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin());
}

}  // namespace hedgerow::forest
