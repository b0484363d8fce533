// A node as its joint counts under two splits, the searches for removals that flip it, and how far a certificate is
// from what they find.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hedgerow::unlearn {

struct Joint {
  std::vector<int> cells;  // class * 4 + right of the champion * 2 + right of the challenger

  explicit Joint(std::size_t classes) : cells(4 * classes) {}
  explicit Joint(std::vector<int> counts) : cells(std::move(counts)) {}

  std::size_t classes() const { return cells.size() / 4; }
  int records() const;
  // `bit` 2: the champion, 1: the challenger.
  std::vector<double> DivisionOf(std::size_t bit) const;
  // Nothing where it divides nothing.
  std::optional<double> Score(std::size_t bit) const;
  // Nothing where one of the two divides nothing: that is another event than a flip.
  std::optional<double> Lead() const;
  bool nested() const;
  std::uint64_t Certify(bool nested) const;
  std::uint64_t SimpleBound() const;
};

// The largest number of removals that no sequence flips the split with; nothing if more than `most` are survived.
std::optional<std::uint64_t> TrueRemovals(Joint joint, int most);

// HedgeCut's search: it removes what weakens the split most, again and again. The removals that are survived so;
// nothing if they are more than `most`, or if nothing flips the split.
std::optional<std::uint64_t> GreedyRemovals(Joint joint, std::uint64_t most = ~std::uint64_t{0});

// The same for the search that takes all from one cell, whichever flips the split soonest.
std::optional<std::uint64_t> StraightRemovals(const Joint& joint, std::uint64_t most = ~std::uint64_t{0});

// Calls f with all nodes of so many records; `joint` is empty.
void ForEachJoint(Joint& joint, int records, const std::function<void(const Joint&)>& f, std::size_t cell = 0);

// A mean over the nodes of which at least one removal is certified, and one over all of the first removal that may
// flip.
class Tightness {
 public:
  void Add(std::uint64_t truth, std::uint64_t certified);
  double Ratio() const { return ratio_ / static_cast<double>(promising_); }
  double FirstRatio() const { return first_ / static_cast<double>(nodes_); }
  void Print(const std::string& name) const;

 private:
  std::size_t nodes_ = 0, promising_ = 0;
  double ratio_ = 0, first_ = 0;
};

}  // namespace hedgerow::unlearn
