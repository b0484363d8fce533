#include "forest/layout.h"

#include <algorithm>

#include "forest/row_block.h"
#include "forest/walk.h"

namespace hedgerow::forest {

void View::AddLeaf(const TreeTop& tree, Link leaf, double* sums) const {
  const std::uint32_t number = leaf & kNumberBits;
  if ((leaf & kLargeLeafBit) != 0) {
    const double* values = tree.large_leaves + number * classes_;
    for (std::size_t y = 0; y < classes_; ++y) sums[y] += values[y];
  } else if (classes_ == 2) {
    const double* values = leaves_->pair(number);
    sums[0] += values[0];
    sums[1] += values[1];
  } else {
    const std::uint8_t* counts = tree.small_leaves + number * (classes_ + 1);
    const double* values = leaves_->row(counts[0]);
    for (std::size_t y = 0; y < classes_; ++y) sums[y] += values[counts[y + 1]];
  }
}

void View::AddTrees(std::size_t first, std::size_t trees, const Cell* row, double* sums) const {
  Link leaves[kTreesTogether];
  BestWalk()({tops_.data() + first, trees, row, width_, leaves});
  for (std::size_t t = 0; t < trees; ++t) AddLeaf(tops_[first + t], leaves[t], sums);
}

void View::Predict(const Cell* row, double* probabilities) const {
  std::fill(probabilities, probabilities + classes_, 0.0);
  for (std::size_t first = 0; first < tops_.size(); first += kTreesTogether) {
    AddTrees(first, std::min(kTreesTogether, tops_.size() - first), row, probabilities);
  }
  for (std::size_t y = 0; y < classes_; ++y) probabilities[y] /= static_cast<double>(tops_.size());
}

void View::AddPairs(const TreeTop& tree, const Link* leaves, std::size_t n, double* sums) const {
  // Without a jump: which leaves are large cannot be foreseen.
  const double* const tables[] = {leaves_->pair(0), tree.large_leaves};
  for (std::size_t i = 0; i < n; ++i) {
    const double* values = tables[(leaves[i] & kLargeLeafBit) != 0 ? 1 : 0] + 2 * (leaves[i] & kNumberBits);
    sums[2 * i] += values[0];
    sums[2 * i + 1] += values[1];
  }
}

void View::AddTree(const TreeTop& tree, const RowBlock& block, double* sums) const {
  Link leaves[RowBlock::kRows];
  BestRowsWalk()({tree, &block, leaves});
  if (classes_ == 2) {
    AddPairs(tree, leaves, block.count(), sums);
  } else {
    for (std::size_t i = 0; i < block.count(); ++i) AddLeaf(tree, leaves[i], sums + i * classes_);
  }
}

void View::PredictBlock(const RowBlock& block, double* probabilities) const {
  const std::size_t n = block.count();
  std::fill(probabilities, probabilities + n * classes_, 0.0);
  for (const TreeTop& tree : tops_) AddTree(tree, block, probabilities);
  for (std::size_t i = 0; i < n * classes_; ++i) probabilities[i] /= static_cast<double>(tops_.size());
}

void View::PredictBatch(const Cell* rows, std::size_t count, double* probabilities, Executor& executor) const {
  if (count < kFewRows) {
    for (std::size_t i = 0; i < count; ++i) Predict(rows + i * width_, probabilities + i * classes_);
    return;
  }
  ForEachBlock(rows, count, width_, executor,
               [&](std::size_t begin, RowBlock& block) { PredictBlock(block, probabilities + begin * classes_); });
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

void Layout::Show(std::uint64_t sequence, View& view) {
  view.leaves_ = &leaves_;
  view.width_ = forest_.width();
  view.classes_ = forest_.classes();
  view.sequence_ = sequence;
  view.state_ = ++states_;
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
  MemoryParts parts;
  AddMemory(parts);
  return TotalBytes(parts);
}

void Layout::AddMemory(MemoryParts& parts) const {
  MemoryPart tiles, leaves;
  for (const TreeLayout& tree : trees_) tree.AddMemory(tiles, leaves);
  parts["layout: tiles"] = tiles;
  leaves.bytes += sizeof(Layout) + leaves_.MemoryBytes();
  parts["layout: leaves"] = leaves;
}

}  // namespace hedgerow::forest
