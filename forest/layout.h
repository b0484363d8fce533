// The prediction layout of a forest: what predictions read, apart from the statistics that updates need.
//
// It answers with the same bytes as Forest::Predict, which walks the trees themselves. The writer keeps it up to date;
// a View is a state of it that stays as it is for as long as what was retired since is not freed.
//
// Thread rule: one writer, which is also the forest's only writer; a View may be read from many threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "forest/executor.h"
#include "forest/forest.h"
#include "forest/layout_tree.h"

namespace hedgerow::forest {

class RowBlock;

// One state of the forest, for predictions.
class View {
 public:
  // The probability of each class for one row into `probabilities`.
  void Predict(const Cell* row, double* probabilities) const;
  // The same for rows one after the other; `probabilities` is row-major.
  void PredictBatch(const Cell* rows, std::size_t count, double* probabilities, Executor& executor) const;

  // MostProbable of what Predict tells. It asks only as many trees as it takes.
  ClassCode PredictClass(const Cell* row) const;
  void PredictClasses(const Cell* rows, std::size_t count, ClassCode* answers, Executor& executor) const;

  // The number that the writer gave to this state.
  std::uint64_t sequence() const { return sequence_; }
  // Its own number among all states that the layout has shown, from 1: trees may change with no update.
  std::uint64_t state() const { return state_; }

 private:
  friend class Layout;

  // Adds what these trees say of a row.
  void AddTrees(std::size_t first, std::size_t trees, const Cell* row, double* sums) const;
  // Adds what a leaf says.
  void AddLeaf(const TreeTop& tree, Link leaf, double* sums) const;
  // Adds what n rows' leaves say, one a row, with two classes.
  void AddPairs(const TreeTop& tree, const Link* leaves, std::size_t n, double* sums) const;
  // Adds what a tree says of a block's rows.
  void AddTree(const TreeTop& tree, const RowBlock& block, double* sums) const;
  // Predicts the rows of a block, all of them down one tree after the other.
  void PredictBlock(const RowBlock& block, double* probabilities) const;
  void PredictBlock(RowBlock& block, ClassCode* answers) const;

  // So few rows go down the trees one by one.
  static constexpr std::size_t kFewRows = 16;

  const LeafTable* leaves_ = nullptr;
  std::size_t width_ = 0, classes_ = 0;
  std::uint64_t sequence_ = 0, state_ = 0;
  std::vector<TreeTop> tops_;
};

class Layout {
 public:
  // Lays the whole forest out. A forest has one layout, for as long as it lives, and outlives it.
  Layout(Forest& forest, Executor& executor);

  // Follows the forest's changes since the last call. What no later view will show is appended to `retired`.
  void Update(Retired& retired);
  // The state as of the last call of Update.
  void Show(std::uint64_t sequence, View& view);
  // What was retired may be used again: no reader has a view from before it was.
  void Free(Retired& retired);
  // Does the work of that, at most so many parts of it, since a whole tree may have been retired. True: there is more.
  bool FreeSome(std::size_t parts);
  // What waits for FreeSome, as far as is known.
  std::size_t to_free() const { return unused_.size() + replaced_.size(); }

  std::size_t MemoryBytes() const;
  void AddMemory(MemoryParts& parts) const;

 private:
  Forest& forest_;
  LeafTable leaves_;
  std::vector<TreeLayout> trees_;
  std::vector<TreeTop> tops_;  // the trees' present ones
  std::uint64_t states_ = 0;   // that were shown
  std::deque<Retired::Part> unused_;
  std::vector<Arena::Memory> replaced_;
};

}  // namespace hedgerow::forest
