// The most probable class alone, which fewer trees than all may decide (layout.h).
//
// A class a is ahead of a class b by `lead`, and `left` of the T trees have not been asked. If lead >= left + kMargin,
// the probability of b stays below that of a, as View::Predict computes them, so a alone is the largest:
//
//   What a tree adds to a sum is from 0 to 1, as computed too: (c + s / C) / (n + s) with c <= n, and rounding keeps
//   the order of its operands. Adding what is not negative never lowers a sum, rounded or not, so a ends at its present
//   sum or above. Each of the trees left adds at most 1 to b, and then rounding at most u (T + 1), with u = 2^-53; all
//   of them together left + T (T + 1) u. As T <= kMaxTrees = 10^4, the rounding is less than 2 * 10^-8, and so is that
//   of the lead. So a ends above b by more than kMargin / 2. Divided by T these sums still differ by more than 4 *
//   10^-8, and the two quotients, of at most about 1, are rounded by less than 10^-15.
//
// Before more than half of the trees are asked, nothing is decided.
#include <algorithm>
#include <array>
#include <numeric>

#include "forest/layout.h"
#include "forest/row_block.h"
#include "forest/walk.h"

namespace hedgerow::forest {
namespace {

constexpr double kMargin = 0x1p-10;
static_assert(kMaxTrees <= 10'000);

// Trees between two looks at what is decided of a single row, from the half on.
constexpr std::size_t kTreesALook = 10;
// Looks that a block of rows takes at what is decided, from the half on.
constexpr std::size_t kLooks = 6;

ClassCode First(const double* sums, std::size_t classes) {
  return static_cast<ClassCode>(std::max_element(sums, sums + classes) - sums);
}

bool Decided(const double* sums, std::size_t classes, std::size_t left) {
  const double enough = static_cast<double>(left) + kMargin;
  if (classes == 2) return sums[0] - sums[1] >= enough || sums[1] - sums[0] >= enough;
  const double largest = *std::max_element(sums, sums + classes);
  const auto near = [&](double sum) { return largest - sum < enough; };
  return std::count_if(sums, sums + classes, near) == 1;
}

// The class by all trees, as Predict and MostProbable find it: where sums differ, quotients may be equal.
ClassCode Divided(double* sums, std::size_t classes, std::size_t trees) {
  for (std::size_t y = 0; y < classes; ++y) sums[y] /= static_cast<double>(trees);
  return First(sums, classes);
}

}  // namespace

ClassCode View::PredictClass(const Cell* row) const {
  std::array<double, datasets::kMaxClasses> sums;
  std::fill_n(sums.begin(), classes_, 0.0);
  const std::size_t trees = tops_.size();
  const std::size_t first_look = std::min(trees, trees / 2 + kTreesALook);
  std::size_t asked = 0;
  while (asked < trees) {
    const std::size_t n =
        std::min(kTreesTogether, asked < first_look ? first_look - asked : std::min(kTreesALook, trees - asked));
    AddTrees(asked, n, row, sums.data());
    asked += n;
    if (asked >= first_look && Decided(sums.data(), classes_, trees - asked)) return First(sums.data(), classes_);
  }
  return Divided(sums.data(), classes_, trees);
}

void View::PredictBlock(RowBlock& block, ClassCode* answers) const {
  const std::size_t trees = tops_.size();
  std::vector<double> sums(block.count() * classes_, 0.0);
  std::array<std::uint16_t, RowBlock::kRows> numbers;  // of the rows that are not decided
  std::iota(numbers.begin(), numbers.end(), std::uint16_t{0});
  const std::size_t step = std::max<std::size_t>(trees / 2 / kLooks, 1);
  std::size_t look = trees / 2 + step;
  for (std::size_t t = 0; t < trees && block.count() != 0; ++t) {
    AddTree(tops_[t], block, sums.data());
    if (t + 1 != look || t + 1 == trees) continue;
    look += step;
    std::array<std::uint16_t, RowBlock::kRows> kept;
    std::size_t keep = 0;
    for (std::size_t i = 0; i < block.count(); ++i) {
      const double* of_row = sums.data() + i * classes_;
      if (Decided(of_row, classes_, trees - (t + 1))) {
        answers[numbers[i]] = First(of_row, classes_);
        continue;
      }
      std::copy_n(of_row, classes_, sums.data() + keep * classes_);
      numbers[keep] = numbers[i];
      kept[keep++] = static_cast<std::uint16_t>(i);
    }
    block.Keep({kept.data(), keep});
  }
  for (std::size_t i = 0; i < block.count(); ++i) {
    answers[numbers[i]] = Divided(sums.data() + i * classes_, classes_, trees);
  }
}

void View::PredictClasses(const Cell* rows, std::size_t count, ClassCode* answers, Executor& executor) const {
  if (count < kFewRows) {
    for (std::size_t i = 0; i < count; ++i) answers[i] = PredictClass(rows + i * width_);
    return;
  }
  ForEachBlock(rows, count, width_, executor,
               [&](std::size_t begin, RowBlock& block) { PredictBlock(block, answers + begin); });
}

}  // namespace hedgerow::forest
