// Proves that all forms of the kernels do what plain loops do, for every length, with ties, extremes and garbage
// around what is asked about.
#include "forest/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "forest/hash.h"
#include "forest/split.h"
#include "tests/support/data.h"

namespace hedgerow::forest {
namespace {

class KernelsTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string name = GetParam();
    kernels_ = name == "avx2" ? Avx2Kernels() : name == "avx512" ? Avx512Kernels() : &PortableKernels();
    if (kernels_ == nullptr) GTEST_SKIP() << "this machine does not have " << name;
  }

  std::uint32_t Below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  // Few distinct words, so that there are ties, and the extremes of the range.
  template <class T>
  std::vector<T> Words(std::size_t n) {
    std::vector<T> words(n);
    const std::uint32_t kinds = 1 + Below(6);
    for (T& word : words) {
      word = static_cast<T>(Below(4) == 0 ? static_cast<std::uint32_t>(random_()) : Below(kinds));
      if (Below(16) == 0) word = static_cast<T>(0x80000000U + Below(2));
    }
    return words;
  }

  // Lanes of both kinds; sometimes of one alone.
  struct Lanes {
    std::vector<std::uint32_t> words, categorical;
    LaneOrders orders() const { return {words.data(), categorical.data(), words.size()}; }
    std::int32_t Rank(Cell cell, std::size_t lane) const {
      return Order{words[lane], categorical[lane] != 0 ? FeatureType::kCategorical : FeatureType::kNumeric}.Rank(cell);
    }
  };
  Lanes MakeLanes(std::size_t stride) {
    Lanes lanes;
    const std::uint32_t categorical_of_three = Below(4);
    for (std::size_t l = 0; l < stride; ++l) {
      const bool categorical = Below(3) < categorical_of_three;
      lanes.categorical.push_back(categorical ? ~0U : 0U);
      lanes.words.push_back(categorical ? static_cast<std::uint32_t>(random_()) : Below(2));
    }
    return lanes;
  }

  const Kernels* kernels_ = nullptr;
  std::mt19937_64 random_{tests::Seed(21)};
};

TEST_P(KernelsTest, MixAndDraw) {
  for (std::size_t n = 1; n <= 200; ++n) {
    const auto words = Words<std::uint32_t>(PaddedTo(n));
    std::vector<std::uint32_t> mixed(PaddedTo(n));
    kernels_->mix(words.data(), n, 0x12345678U, mixed.data());
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(mixed[i], Mix32(words[i] ^ 0x12345678U));

    const auto flip = static_cast<std::uint32_t>(random_());
    const auto before = [&](std::uint32_t a, std::uint32_t b) { return (a ^ flip) < (b ^ flip); };
    const auto end = words.begin() + static_cast<std::ptrdiff_t>(n);
    const auto smallest = std::min_element(words.begin(), end, before);
    const Drawn drawn = kernels_->draw(words.data(), n, flip);
    ASSERT_EQ(drawn.first, static_cast<std::size_t>(smallest - words.begin()));
    ASSERT_EQ(drawn.times, static_cast<std::size_t>(std::count(words.begin(), end, *smallest)));
  }
}

TEST_P(KernelsTest, OrdersAndRanks) {
  for (std::size_t stride = 4; stride <= 72; stride += 4) {
    Lanes lanes = MakeLanes(stride);
    const std::uint64_t node = random_();
    kernels_->order_words(node, lanes.categorical.data(), stride, lanes.words.data());
    for (std::size_t l = 0; l < stride; ++l) {
      const FeatureType type = lanes.categorical[l] != 0 ? FeatureType::kCategorical : FeatureType::kNumeric;
      ASSERT_EQ(lanes.words[l], AttributeOrder(type, Hash(node, l)).word);
    }
    const auto cells = Words<Cell>(stride);
    std::vector<std::int32_t> ranks(stride + 1, 77);
    kernels_->rank(cells.data(), lanes.orders(), ranks.data());
    for (std::size_t l = 0; l < stride; ++l) ASSERT_EQ(ranks[l], lanes.Rank(cells[l], l));
    ASSERT_EQ(ranks[stride], 77);
  }
}

TEST_P(KernelsTest, Count) {
  for (std::size_t stride = 8; stride <= 40; stride += 8) {
    for (const std::size_t anchors : {1U, 2U, 3U, 4U, 7U, 9U}) {
      for (const std::size_t n : {1U, 2U, 5U, 63U}) {
        const Lanes lanes = MakeLanes(stride);
        const std::size_t row_stride = PaddedTo(stride);
        const auto rows = Words<Cell>(n * row_stride);
        std::vector<std::int32_t> ranks(anchors * stride);
        for (std::size_t c = 0; c < ranks.size(); ++c) {
          ranks[c] = lanes.Rank(rows[Below(static_cast<std::uint32_t>(n)) * row_stride + c % stride], c % stride);
        }
        std::vector<std::uint32_t> below(ranks.size(), 5), equal(ranks.size(), 6);
        std::vector<std::uint32_t> below_wanted = below, equal_wanted = equal;
        for (std::size_t c = 0; c < ranks.size(); ++c) {
          for (std::size_t i = 0; i < n; ++i) {
            const std::int32_t rank = lanes.Rank(rows[i * row_stride + c % stride], c % stride);
            below_wanted[c] += rank < ranks[c] ? 1U : 0U;
            equal_wanted[c] += rank == ranks[c] ? 1U : 0U;
          }
        }
        kernels_->count({.rows = rows.data(),
                         .row_stride = row_stride,
                         .n = n,
                         .orders = lanes.orders(),
                         .anchor_ranks = ranks.data(),
                         .anchors = anchors,
                         .below = below.data(),
                         .equal = equal.data()});
        ASSERT_EQ(below, below_wanted) << "stride " << stride << " anchors " << anchors << " n " << n;
        ASSERT_EQ(equal, equal_wanted);
      }
    }
  }
}

// Counts of each size, up to the largest that it holds.
template <class Count>
void TestTally(const Kernels& kernels, const std::function<std::uint32_t(std::uint32_t)>& random) {
  for (std::size_t stride = 4; stride <= 40; stride += 4) {
    for (int round = 0; round < 200; ++round) {
      const std::size_t anchors = 1 + random(5);
      const std::size_t width = anchors * stride;
      std::vector<std::int32_t> ranks(stride), pivots(width);
      // Seldom above the anchor, so that most rounds change no count of records above from or to 0.
      for (auto& rank : ranks) rank = random(200) == 0 ? 3 : static_cast<std::int32_t>(random(2));
      for (auto& pivot : pivots) pivot = 1 + static_cast<std::int32_t>(random(2));
      const auto most = static_cast<Count>(std::numeric_limits<Count>::max() - 1);
      std::vector<Count> below(width, most), equal(width, 9), above(width, static_cast<Count>(1 + random(2)));
      const std::uint32_t step = round % 2 == 0 ? 1U : ~0U;
      if (step == 1)
        for (auto& count : above) --count;
      auto below_wanted = below, equal_wanted = equal, above_wanted = above;
      bool changed = false;
      for (std::size_t c = 0; c < width; ++c) {
        const std::int32_t rank = ranks[c % stride];
        auto& count = rank < pivots[c] ? below_wanted[c] : rank == pivots[c] ? equal_wanted[c] : above_wanted[c];
        const Count before = count;
        count = static_cast<Count>(count + step);
        changed |= rank > pivots[c] && (before == 0 || count == 0);
      }
      ASSERT_EQ(kernels.tally({.ranks = ranks.data(),
                               .stride = stride,
                               .anchor_ranks = pivots.data(),
                               .anchors = anchors,
                               .step = step,
                               .count_bytes = sizeof(Count),
                               .below = below.data(),
                               .equal = equal.data(),
                               .above = above.data()}),
                changed);
      ASSERT_EQ(below, below_wanted);
      ASSERT_EQ(equal, equal_wanted);
      ASSERT_EQ(above, above_wanted);
    }
  }
}

// The same where the records above are those that are left. There may be more of them than a count holds: then it is
// taken for a change, which costs a look.
template <class Count>
void TestTallyOfTwo(const Kernels& kernels, const std::function<std::uint32_t(std::uint32_t)>& random) {
  constexpr std::uint32_t kRecords = 400;
  for (std::size_t stride = 4; stride <= 40; stride += 4) {
    for (int round = 0; round < 200; ++round) {
      const std::size_t anchors = 1 + random(5);
      const std::size_t width = anchors * stride;
      std::vector<std::int32_t> ranks(stride), pivots(width);
      for (auto& rank : ranks) rank = random(200) == 0 ? 3 : static_cast<std::int32_t>(random(2));
      for (auto& pivot : pivots) pivot = 1 + static_cast<std::int32_t>(random(2));
      const std::uint32_t step = round % 2 == 0 ? 1U : ~0U;
      std::vector<Count> below(width), equal(width), other_below(width), other_equal(width);
      std::vector<std::uint32_t> above(width);
      for (std::size_t c = 0; c < width; ++c) {
        above[c] = random(8) == 0 ? 256 : (step == 1 ? 0 : 1) + random(2);
        for (auto* counts : {&below, &equal, &other_below}) (*counts)[c] = static_cast<Count>(20 + random(30));
        const std::uint32_t left = kRecords - above[c] - below[c] - equal[c] - other_below[c];
        other_equal[c] = static_cast<Count>(std::min(left, 200U));
        other_below[c] = static_cast<Count>(other_below[c] + left - other_equal[c]);
      }
      auto below_wanted = below, equal_wanted = equal;
      const auto others_below = other_below, others_equal = other_equal;
      bool changed = false;
      for (std::size_t c = 0; c < width; ++c) {
        const std::int32_t rank = ranks[c % stride];
        if (rank < pivots[c]) below_wanted[c] = static_cast<Count>(below_wanted[c] + step);
        if (rank == pivots[c]) equal_wanted[c] = static_cast<Count>(equal_wanted[c] + step);
        const auto before = static_cast<Count>(above[c]);
        changed |= rank > pivots[c] && (step == 1 ? before == 0 : before == 1);
      }
      ASSERT_EQ(kernels.tally({.ranks = ranks.data(),
                               .stride = stride,
                               .anchor_ranks = pivots.data(),
                               .anchors = anchors,
                               .step = step,
                               .count_bytes = sizeof(Count),
                               .below = below.data(),
                               .equal = equal.data(),
                               .other_below = other_below.data(),
                               .other_equal = other_equal.data(),
                               .records = kRecords}),
                changed);
      ASSERT_EQ(below, below_wanted);
      ASSERT_EQ(equal, equal_wanted);
      ASSERT_EQ(other_below, others_below);
      ASSERT_EQ(other_equal, others_equal);
    }
  }
}

TEST_P(KernelsTest, PackAndUnpack) {
  for (std::size_t n = 0; n <= 130; ++n) {
    auto words = Words<std::uint32_t>(n);
    for (auto& word : words) word &= 0xffffffU;
    std::vector<std::uint8_t> bytes(3 * n + 2, 77);
    kernels_->pack(words.data(), n, bytes.data());
    ASSERT_EQ(bytes.back(), 77);
    for (std::size_t i = 0; i < 3 * n; ++i) ASSERT_EQ(bytes[i], words[i / 3] >> 8 * (i % 3) & 0xffU);
    std::vector<std::uint32_t> unpacked(n + 1, 78);
    kernels_->unpack(bytes.data(), n, unpacked.data());
    ASSERT_EQ(unpacked.back(), 78U);
    unpacked.pop_back();
    ASSERT_EQ(unpacked, words);
  }
}

TEST_P(KernelsTest, TallyOfTwoClasses) {
  const auto random = [this](std::uint32_t n) { return Below(n); };
  TestTallyOfTwo<std::uint8_t>(*kernels_, random);
  TestTallyOfTwo<std::uint16_t>(*kernels_, random);
  TestTallyOfTwo<std::uint32_t>(*kernels_, random);
}

TEST_P(KernelsTest, Tally) {
  const auto random = [this](std::uint32_t n) { return Below(n); };
  TestTally<std::uint8_t>(*kernels_, random);
  TestTally<std::uint16_t>(*kernels_, random);
  TestTally<std::uint32_t>(*kernels_, random);
}

TEST_P(KernelsTest, Score) {
  for (std::size_t width = 8; width <= 64; width += 8) {
    for (const std::size_t classes : {1U, 2U, 3U, 26U}) {
      std::vector<std::uint32_t> counts((2 * classes + 1) * width), class_counts(classes, 0);
      for (std::uint32_t& count : counts) count = Below(3) == 0 ? 0 : Below(1000);
      // Each class has as many records as the candidate that counts most of them, and one that counts none.
      for (std::size_t y = 0; y < classes; ++y) {
        for (std::size_t c = 0; c < width; ++c) {
          class_counts[y] = std::max(class_counts[y], counts[y * width + c] + counts[(classes + y) * width + c]);
        }
      }
      std::uint32_t records = 0;
      for (const std::uint32_t count : class_counts) records += count;
      std::vector<double> scores(width);
      std::vector<std::uint32_t> lefts(width);
      const std::uint32_t min_leaf = 1 + Below(800);
      double best = -1;
      const double found = kernels_->score({.counts = counts.data(),
                                            .width = width,
                                            .class_counts = class_counts.data(),
                                            .classes = classes,
                                            .records = records,
                                            .min_leaf = min_leaf,
                                            .scores = scores.data(),
                                            .lefts = lefts.data()});
      for (std::size_t c = 0; c < width; ++c) {
        std::uint64_t left = 0, left_squares = 0, right_squares = 0;
        for (std::size_t y = 0; y < classes; ++y) {
          const bool with_equal = counts[2 * classes * width + c] != 0;
          const std::uint64_t l = counts[y * width + c] + (with_equal ? counts[(classes + y) * width + c] : 0U);
          left += l;
          left_squares += l * l;
          right_squares += (class_counts[y] - l) * (class_counts[y] - l);
        }
        const std::uint64_t right = records - left;
        const double score = left == 0 || right == 0
                                 ? -1.0
                                 : static_cast<double>(left_squares) / static_cast<double>(left) +
                                       static_cast<double>(right_squares) / static_cast<double>(right);
        ASSERT_EQ(lefts[c], left);
        ASSERT_EQ(scores[c], score) << "to the last bit";
        if (left >= min_leaf && right >= min_leaf) best = std::max(best, score);
      }
      ASSERT_EQ(found, best);
      ASSERT_EQ(kernels_->largest(scores.data(), width), *std::max_element(scores.begin(), scores.end()));
    }
  }
}

TEST_P(KernelsTest, RemainAndSeek) {
  for (std::size_t width = 8; width <= 64; width += 8) {
    std::vector<std::uint32_t> counts(5 * width), above(width);
    for (std::uint32_t& count : counts) count = Below(100);
    kernels_->remain(counts.data(), 5, width, 1000, above.data());
    for (std::size_t c = 0; c < width; ++c) {
      std::uint32_t wanted = 1000;
      for (std::size_t row = 0; row < 5; ++row) wanted -= counts[row * width + c];
      ASSERT_EQ(above[c], wanted);
    }
    std::vector<double> values(width);
    for (double& value : values) value = Below(4);
    for (const double value : {0.0, 2.0, 9.0}) {
      for (std::size_t from = 0; from <= width; from += 8) {
        const auto found = std::find(values.begin() + static_cast<std::ptrdiff_t>(from), values.end(), value);
        const auto at = static_cast<std::size_t>(found - values.begin());
        ASSERT_EQ(kernels_->seek(values.data(), from, width, value), at == width ? width : at / 8 * 8);
      }
    }
  }
}

TEST_P(KernelsTest, GatherAndHashTrees) {
  for (const std::size_t width : {1U, 9U, 14U, 16U, 17U, 32U, 40U}) {
    const std::size_t table_stride = width + 2, row_stride = PaddedTo(width), n = 7;
    const auto table = Words<Cell>(20 * table_stride + kLanes);
    std::vector<std::uint32_t> slots(n), to = {3, 0, 6, 1, 2, 5, 4};
    for (std::uint32_t& slot : slots) slot = Below(20);
    std::vector<Cell> rows(n * row_stride + 1, 7);
    kernels_->gather({.table = table.data(),
                      .table_stride = table_stride,
                      .width = width,
                      .slots = slots.data(),
                      .to = to.data(),
                      .n = n,
                      .rows = rows.data(),
                      .row_stride = row_stride});
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t l = 0; l < row_stride; ++l) {
        ASSERT_EQ(rows[to[i] * row_stride + l], l < width ? table[slots[i] * table_stride + l] : 0);
      }
    }
    ASSERT_EQ(rows.back(), 7) << "nothing is written behind the last row";
  }
  std::vector<std::uint64_t> words(100);
  kernels_->hash_trees(17, 42, words.size(), words.data());
  for (std::size_t t = 0; t < words.size(); ++t) ASSERT_EQ(words[t], Hash(17, t, 42));
}

TEST_P(KernelsTest, Part) {
  for (const std::size_t stride : {kLanes, 2 * kLanes, 3 * kLanes}) {
    for (std::size_t n = 1; n <= 80; ++n) {
      const FeatureType type = Below(2) == 0 ? FeatureType::kNumeric : FeatureType::kCategorical;
      const Order order = AttributeOrder(type, random_());
      const auto rows = Words<Cell>(n * stride);
      const auto tags = Words<std::uint32_t>(n), slots = Words<std::uint32_t>(n);
      const std::uint32_t attribute = Below(static_cast<std::uint32_t>(stride));
      const std::int32_t threshold = order.Rank(rows[Below(static_cast<std::uint32_t>(n)) * stride + attribute]);
      std::vector<std::size_t> wanted;
      std::size_t lefts = 0;
      for (const bool left : {true, false}) {
        for (std::size_t i = 0; i < n; ++i) {
          if ((order.Rank(rows[i * stride + attribute]) <= threshold) == left) wanted.push_back(i);
        }
        if (left) lefts = wanted.size();
      }
      // What stands behind the target must stay, even if the number that was announced is wrong.
      for (const std::size_t announced : {lefts, n, std::size_t{0}}) {
        std::vector<Cell> to_rows(n * stride + stride, 7);
        std::vector<std::uint32_t> to_tags(n + 1, 7), to_slots(n + 1, 7);
        ASSERT_EQ(kernels_->part({.rows = rows.data(),
                                  .to_rows = to_rows.data(),
                                  .tags = tags.data(),
                                  .to_tags = to_tags.data(),
                                  .slots = slots.data(),
                                  .to_slots = to_slots.data(),
                                  .row_stride = stride,
                                  .n = n,
                                  .lefts = announced,
                                  .split = {order, static_cast<std::uint16_t>(attribute), threshold}}),
                  lefts);
        ASSERT_TRUE(std::all_of(to_rows.end() - static_cast<std::ptrdiff_t>(stride), to_rows.end(),
                                [](Cell c) { return c == 7; }));
        ASSERT_EQ(to_tags[n], 7U);
        ASSERT_EQ(to_slots[n], 7U);
        if (announced != lefts) continue;
        for (std::size_t i = 0; i < n; ++i) {
          ASSERT_EQ(to_tags[i], tags[wanted[i]]);
          ASSERT_EQ(to_slots[i], slots[wanted[i]]);
          for (std::size_t l = 0; l < stride; ++l) ASSERT_EQ(to_rows[i * stride + l], rows[wanted[i] * stride + l]);
        }
      }
    }
  }
}

TEST_P(KernelsTest, Differ) {
  for (const std::size_t stride : {kLanes, 3 * kLanes}) {
    for (std::size_t n = 1; n <= 20; ++n) {
      std::vector<Cell> rows(n * stride);
      for (Cell& cell : rows) cell = Below(12) == 0 ? 1 : 0;
      std::vector<std::uint32_t> differs(stride, 0);
      kernels_->differ(rows.data(), n, stride, differs.data());
      for (std::size_t l = 0; l < stride; ++l) {
        bool wanted = false;
        for (std::size_t i = 0; i < n; ++i) wanted |= rows[i * stride + l] != rows[l];
        ASSERT_EQ(differs[l] != 0, wanted);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, KernelsTest, ::testing::Values("portable", "avx2", "avx512"),
                         [](const auto& which) { return std::string(which.param); });

}  // namespace
}  // namespace hedgerow::forest
