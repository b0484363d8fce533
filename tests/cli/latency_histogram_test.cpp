// The load generator's histogram against sorted values.
#include "cli/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/support/data.h"

namespace hedgerow::cli {
namespace {

TEST(LatencyHistogramTest, QuantilesAreRightToWithinAPercent) {
  std::mt19937_64 random(tests::Seed(1));
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.QuantileUs(0.5), 0);
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<std::uint64_t>(std::exp(std::uniform_real_distribution<>(0, 23)(random))));
    histogram.Record(values.back());
  }
  std::sort(values.begin(), values.end());
  EXPECT_EQ(histogram.count(), values.size());
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact = 1e-3 * static_cast<double>(values[static_cast<std::size_t>(std::ceil(share * 20'000)) - 1]);
    EXPECT_GE(histogram.QuantileUs(share), exact * 0.9999);
    EXPECT_LE(histogram.QuantileUs(share), exact * 1.01);
  }
  EXPECT_EQ(histogram.MaxUs(), 1e-3 * static_cast<double>(values.back()));
}

}  // namespace
}  // namespace hedgerow::cli
