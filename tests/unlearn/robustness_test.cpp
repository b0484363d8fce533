// Proves the certificate: no sequence of as many removals as are certified lets a challenger reach the champion.
// Exhaustive over small nodes: each record is on one side of the champion's split, on one side of the challenger's,
// and in one of two classes, so a node is eight counts, and so is what may be removed from it.
#include "unlearn/robustness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>

namespace hedgerow::unlearn {
namespace {

using Counts = std::array<int, 8>;  // bit 0: class, bit 1: right of the champion, bit 2: right of the challenger

double Score(const Counts& counts, int side_bit) {
  double score = 0;
  for (const int side : {0, 1}) {
    std::array<int, 2> classes{};
    for (int cell = 0; cell < 8; ++cell) {
      if ((cell >> side_bit & 1) == side)
        classes[static_cast<std::size_t>(cell & 1)] += counts[static_cast<std::size_t>(cell)];
    }
    const int n = classes[0] + classes[1];
    if (n == 0) return std::numeric_limits<double>::quiet_NaN();  // no split any more: another event
    score += static_cast<double>(classes[0] * classes[0] + classes[1] * classes[1]) / n;
  }
  return score;
}

int Total(const Counts& counts) {
  int total = 0;
  for (const int count : counts) total += count;
  return total;
}

// Calls f with each way to lower the counts by `removals` in all.
void ForEachRemoval(Counts& counts, int removals, std::size_t cell, const std::function<void(const Counts&)>& f) {
  if (removals == 0) {
    f(counts);
    return;
  }
  if (cell == 8) return;
  const int most = std::min(removals, counts[cell]);
  for (int k = 0; k <= most; ++k) {
    counts[cell] -= k;
    ForEachRemoval(counts, removals - k, cell + 1, f);
    counts[cell] += k;
  }
}

void ForEachNode(Counts& counts, int records, std::size_t cell, const std::function<void(Counts&)>& f) {
  if (cell == 7) {
    counts[7] = records;
    f(counts);
    return;
  }
  for (int k = 0; k <= records; ++k) {
    counts[cell] = k;
    ForEachNode(counts, records - k, cell + 1, f);
  }
  counts[cell] = 0;
}

TEST(RobustnessTest, NoFewerRemovalsFlipASplit) {
  std::uint64_t certified = 0;
  for (int records = 2; records <= 11; ++records) {
    Counts counts{};
    ForEachNode(counts, records, 0, [&](Counts& node) {
      const double champion = Score(node, 1);
      const double challenger = Score(node, 2);
      if (!(champion > challenger)) return;
      const auto removals =
          static_cast<int>(CertifiedRemovals(champion, challenger, static_cast<std::uint64_t>(records)));
      if (removals == 0) return;
      ++certified;
      for (int r = 1; r <= removals; ++r) {
        ForEachRemoval(node, r, 0, [&](const Counts& after) {
          const double a = Score(after, 1);
          const double b = Score(after, 2);
          ASSERT_FALSE(a <= b) << "after " << r << " of " << removals << " certified removals from " << records;
        });
      }
    });
  }
  EXPECT_GT(certified, 100U) << "the certificate promises something";
}

// Read backwards: from a node with few records to one with more.
TEST(RobustnessTest, NoFewerAdditionsFlipASplit) {
  std::uint64_t certified = 0;
  constexpr int kLargest = 8;
  for (int records = 2; records <= kLargest; ++records) {
    Counts counts{};
    ForEachNode(counts, records, 0, [&](Counts& after) {
      if (!(Score(after, 1) <= Score(after, 2))) return;
      for (int r = 1; r < records; ++r) {
        ForEachRemoval(after, r, 0, [&](const Counts& before) {
          const double champion = Score(before, 1);
          const double challenger = Score(before, 2);
          if (!(champion > challenger)) return;
          ++certified;
          ASSERT_LT(CertifiedRemovals(champion, challenger, static_cast<std::uint64_t>(Total(before))),
                    static_cast<std::uint64_t>(r));
        });
      }
    });
  }
  EXPECT_GT(certified, 100U);
}

TEST(RobustnessTest, TheBoundIsHalfTheLead) {
  EXPECT_EQ(CertifiedRemovals(100, 90, 1000), 4U);
  EXPECT_EQ(CertifiedRemovals(100, 100, 1000), 0U);
  EXPECT_EQ(CertifiedRemovals(100, 101, 1000), 0U);
  EXPECT_EQ(CertifiedRemovals(100, 97.9, 1000), 1U);
  EXPECT_EQ(CertifiedRemovals(1e6, 0, 10), 10U) << "at most all of them";
}

}  // namespace
}  // namespace hedgerow::unlearn
