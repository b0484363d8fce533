// Proves that all forms of the kernels give the same result, on every length and with garbage behind the end.
#include "forest/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "forest/node.h"
#include "tests/support/data.h"

namespace hedgerow::forest {
namespace {

class KernelsTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    kernels_ = std::string(GetParam()) == "avx2" ? Avx2Kernels() : Avx512Kernels();
    if (kernels_ == nullptr) GTEST_SKIP() << "this machine does not have " << GetParam();
  }

  // Few distinct words, so that there are ties, and the extremes of the range.
  std::vector<std::uint32_t> Words(std::size_t n) {
    std::vector<std::uint32_t> words(PaddedTo(n) + kLanes);
    const std::uint32_t kinds = 1 + static_cast<std::uint32_t>(random_() % 6);
    for (std::uint32_t& word : words) {
      word = random_() % 4 == 0 ? static_cast<std::uint32_t>(random_()) : static_cast<std::uint32_t>(random_() % kinds);
      if (random_() % 16 == 0) word = 0x80000000U + static_cast<std::uint32_t>(random_() % 2);
    }
    return words;
  }

  const Kernels* kernels_ = nullptr;
  const Kernels& portable_ = PortableKernels();
  std::mt19937_64 random_{tests::Seed(21)};
};

const Cell* Cells(const std::vector<std::uint32_t>& words) { return reinterpret_cast<const Cell*>(words.data()); }

TEST_P(KernelsTest, RankMixCountSmallestFind) {
  for (std::size_t n = 1; n <= 200; ++n) {
    const std::vector<std::uint32_t> words = Words(n);
    for (const FeatureType type : {FeatureType::kNumeric, FeatureType::kCategorical}) {
      const Order order{static_cast<std::uint32_t>(type == FeatureType::kNumeric ? random_() % 2 : random_()), type};
      std::vector<std::int32_t> a(PaddedTo(n)), b(PaddedTo(n));
      kernels_->rank(Cells(words), n, order, a.data());
      portable_.rank(Cells(words), n, order, b.data());
      EXPECT_TRUE(std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(n), b.begin()));
    }
    std::vector<std::uint32_t> a(PaddedTo(n)), b(PaddedTo(n));
    kernels_->mix(words.data(), n, 0x12345678U, a.data());
    portable_.mix(words.data(), n, 0x12345678U, b.data());
    EXPECT_TRUE(std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(n), b.begin()));
    const auto pivot = static_cast<std::int32_t>(words[random_() % n]);
    EXPECT_EQ(kernels_->count(Cells(words), n, pivot).below, portable_.count(Cells(words), n, pivot).below);
    EXPECT_EQ(kernels_->count(Cells(words), n, pivot).equal, portable_.count(Cells(words), n, pivot).equal);
    const auto flip = static_cast<std::uint32_t>(random_());
    EXPECT_EQ(kernels_->smallest(words.data(), n, flip), portable_.smallest(words.data(), n, flip));
    for (std::size_t from = 0; from <= n; from += 1 + from / 3) {
      EXPECT_EQ(kernels_->find(words.data(), n, from, words[n - 1]), portable_.find(words.data(), n, from, words[n - 1]));
      EXPECT_EQ(kernels_->find(words.data(), n, from, 99), portable_.find(words.data(), n, from, 99));
    }
  }
}

TEST_P(KernelsTest, NestAndPart) {
  for (std::size_t n = 1; n <= kMaskBits; ++n) {
    for (int round = 0; round < 8; ++round) {
      const std::vector<std::uint32_t> words = Words(n);
      const FeatureType type = round % 2 == 0 ? FeatureType::kNumeric : FeatureType::kCategorical;
      const Order order{static_cast<std::uint32_t>(type == FeatureType::kNumeric ? random_() % 2 : random_()), type};
      std::vector<std::uint32_t> anchors(1 + random_() % 6);
      for (std::uint32_t& anchor : anchors) anchor = static_cast<std::uint32_t>(random_() % n);
      NestedSplits a, b;
      kernels_->nest(Cells(words), n, order, anchors, a);
      portable_.nest(Cells(words), n, order, anchors, b);
      ASSERT_EQ(a.count, b.count);
      for (std::uint32_t k = 0; k < a.count; ++k) {
        EXPECT_EQ(a.thresholds[k], b.thresholds[k]);
        EXPECT_EQ(a.lefts[k].words, b.lefts[k].words);
      }
      const Mask mask = a.count > 0 ? a.lefts[0] : MaskOfRange(0, n);
      // What stands behind the target must stay.
      std::vector<std::uint32_t> to_a(n + 40, 7), to_b(n + 40, 7);
      kernels_->part(words.data(), n, mask, to_a.data());
      portable_.part(words.data(), n, mask, to_b.data());
      EXPECT_EQ(to_a, to_b);
    }
  }
}

TEST_P(KernelsTest, TallyAndScores) {
  for (std::size_t candidates = 1; candidates <= 70; ++candidates) {
    const std::size_t stride = Statistics::StrideOf(candidates);
    for (const std::size_t classes : {2U, 3U, 26U}) {
      std::vector<std::int32_t> ranks(stride), anchors(stride);
      for (std::size_t c = 0; c < stride; ++c) {
        ranks[c] = static_cast<std::int32_t>(random_() % 3);
        anchors[c] = static_cast<std::int32_t>(random_() % 3);
      }
      std::vector<std::uint32_t> a((2 * classes + 1) * stride);
      for (std::uint32_t& count : a) count = 1 + static_cast<std::uint32_t>(random_() % 3);
      std::vector<std::uint32_t> b = a;
      for (const std::uint32_t step : {1U, ~0U, ~0U}) {
        const auto rows = [&](std::vector<std::uint32_t>& counts) {
          return TallyRows{counts.data() + stride, counts.data() + (classes + 1) * stride, counts.data() + 2 * classes * stride};
        };
        EXPECT_EQ(kernels_->tally(ranks.data(), anchors.data(), stride, step, rows(a)),
                  portable_.tally(ranks.data(), anchors.data(), stride, step, rows(b)));
        ASSERT_EQ(a, b);
      }
      const std::vector<std::uint32_t> class_counts(classes, 1000);
      std::vector<double> scores_a(4 * stride), scores_b(4 * stride);
      const auto table = [&](std::vector<double>& s) {
        return ScoreTable{s.data(), s.data() + stride, s.data() + 2 * stride, s.data() + 3 * stride};
      };
      kernels_->scores(a.data(), stride, class_counts.data(), classes, static_cast<std::uint32_t>(classes * 1000), table(scores_a));
      portable_.scores(b.data(), stride, class_counts.data(), classes, static_cast<std::uint32_t>(classes * 1000), table(scores_b));
      EXPECT_EQ(scores_a, scores_b);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, KernelsTest, ::testing::Values("avx2", "avx512"),
                         [](const auto& which) { return std::string(which.param); });

TEST(MaskTest, OfRange) {
  for (std::size_t begin = 0; begin <= kMaskBits; ++begin) {
    for (std::size_t end = begin; end <= kMaskBits; ++end) {
      const Mask mask = MaskOfRange(begin, end);
      ASSERT_EQ(mask.Count(), end - begin);
      for (std::size_t i = begin; i < end; ++i) ASSERT_TRUE((mask.words[i / 64] >> (i % 64) & 1) != 0);
    }
  }
}

}  // namespace
}  // namespace hedgerow::forest
