#include "forest/layout.h"

#include <algorithm>

#include "forest/walk.h"

namespace hedgerow::forest {
namespace {

constexpr std::size_t kTreesTogether = 20;
// Rows a task: so many pass through kTreesTogether trees before the next ones, and the trees stay in the cache.
constexpr std::size_t kRowsATask = 256;

}  // namespace

void View::AddTrees(std::size_t first, std::size_t trees, const Cell* row, double* sums) const {
  Link leaves[kTreesTogether];
  BestWalk()({tops_.data() + first, trees, row, width_, leaves});
  for (std::size_t t = 0; t < trees; ++t) {
    const std::uint32_t number = leaves[t] & kNumberBits;
    if ((leaves[t] & kLargeLeafBit) != 0) {
      const double* values = tops_[first + t].large_leaves + number * classes_;
      for (std::size_t y = 0; y < classes_; ++y) sums[y] += values[y];
    } else if (classes_ == 2) {
      const double* values = leaves_->pair(number);
      sums[0] += values[0];
      sums[1] += values[1];
    } else {
      const std::uint8_t* leaf = tops_[first + t].small_leaves + number * (classes_ + 1);
      const double* values = leaves_->row(leaf[0]);
      for (std::size_t y = 0; y < classes_; ++y) sums[y] += values[leaf[y + 1]];
    }
  }
}

void View::Predict(const Cell* row, double* probabilities) const {
  std::fill(probabilities, probabilities + classes_, 0.0);
  for (std::size_t first = 0; first < tops_.size(); first += kTreesTogether) {
    AddTrees(first, std::min(kTreesTogether, tops_.size() - first), row, probabilities);
  }
  for (std::size_t y = 0; y < classes_; ++y) probabilities[y] /= static_cast<double>(tops_.size());
}

void View::PredictBatch(const Cell* rows, std::size_t count, double* probabilities, Executor& executor) const {
  executor.ParallelFor((count + kRowsATask - 1) / kRowsATask, [&](std::size_t task) {
    const std::size_t begin = task * kRowsATask;
    const std::size_t end = std::min(count, begin + kRowsATask);
    double* const first_sum = probabilities + begin * classes_;
    double* const last_sum = probabilities + end * classes_;
    std::fill(first_sum, last_sum, 0.0);
    for (std::size_t first = 0; first < tops_.size(); first += kTreesTogether) {
      const std::size_t trees = std::min(kTreesTogether, tops_.size() - first);
      for (std::size_t i = begin; i < end; ++i) AddTrees(first, trees, rows + i * width_, probabilities + i * classes_);
    }
    for (double* sum = first_sum; sum != last_sum; ++sum) *sum /= static_cast<double>(tops_.size());
  });
}

Layout::Layout(Forest& forest, Executor& executor) : forest_(forest), leaves_(forest.context()) {
  trees_.reserve(forest.trees().size());
  for (std::uint32_t t = 0; t < forest.trees().size(); ++t) trees_.emplace_back(forest.context(), t);
  executor.ParallelFor(trees_.size(), [&](std::size_t t) { trees_[t].Build(forest_.trees()[t]); });
  for (const TreeLayout& tree : trees_) tops_.push_back(tree.top());
}

void Layout::Update(Retired& retired) {
  std::vector<Tree>& trees = forest_.trees();
  for (std::size_t t = 0; t < trees.size(); ++t) {
    if (trees[t].layout_touched) trees_[t].Prefetch(trees[t]);
  }
  for (std::size_t t = 0; t < trees.size(); ++t) {
    if (!trees[t].layout_touched) continue;
    trees_[t].Update(trees[t], retired);
    tops_[t] = trees_[t].top();
  }
}

void Layout::Show(std::uint64_t sequence, View& view) const {
  view.leaves_ = &leaves_;
  view.width_ = forest_.width();
  view.classes_ = forest_.classes();
  view.sequence_ = sequence;
  view.tops_ = tops_;
}

void Layout::Free(Retired& retired) {
  unused_.insert(unused_.end(), retired.parts.begin(), retired.parts.end());
  retired.parts.clear();
  for (Arena::Memory& memory : retired.memory) replaced_.push_back(std::move(memory));
  retired.memory.clear();
}

bool Layout::FreeSome(std::size_t parts) {
  // First in, first out: so parts are asked for some time before they are read.
  for (; parts != 0 && !unused_.empty(); --parts) {
    const Retired::Part part = unused_.front();
    unused_.pop_front();
    trees_[part.tree].Free(part, unused_);
  }
  // Giving memory back to the system takes as long as hundreds of parts.
  if (parts != 0 && !replaced_.empty()) replaced_.pop_back();
  return to_free() != 0;
}

std::size_t Layout::MemoryBytes() const {
  std::size_t bytes = sizeof(Layout) + leaves_.MemoryBytes();
  for (const TreeLayout& tree : trees_) bytes += tree.MemoryBytes();
  return bytes;
}

}  // namespace hedgerow::forest
