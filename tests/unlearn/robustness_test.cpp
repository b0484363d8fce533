// Proves that the robustness of a node is the least over all its challengers, that a tree does keep the splits of which
// it promises so, and that half the lead covers removals and additions in any mixture.
#include "unlearn/robustness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include "tests/support/data.h"
#include "unlearn/certificate.h"
#include "unlearn/model.h"

namespace hedgerow::unlearn {
namespace {

using forest::Node;
using forest::Statistics;

class RobustnessTest : public ::testing::Test {
 protected:
  Model Train(const forest::Parameters& parameters, const tests::Data& data) {
    auto model = Model::Train(parameters, data.schema, data.table, *executor_);
    EXPECT_TRUE(model.ok()) << model.error().ToString();
    return std::move(*model);
  }

  std::unique_ptr<forest::Executor> executor_ = forest::MakeSerialExecutor();
};

std::vector<double> DivisionOf(const Node& node, std::uint32_t candidate) {
  const std::size_t classes = node.statistics.classes();
  std::vector<double> division(2 * classes);
  for (std::size_t y = 0; y < classes; ++y) {
    division[y] = forest::CountLeft(node, candidate, y);
    division[classes + y] = node.class_counts[y] - division[y];
  }
  return division;
}

// The slow way: every challenger, with nothing known of the others.
std::uint64_t LeastOfAll(const Node& node, std::uint32_t min_leaf) {
  const Statistics& statistics = node.statistics;
  const std::uint32_t lefts = forest::CountLeft(node, node.champion);
  std::uint64_t least = std::min(lefts, node.records - lefts) - min_leaf;
  const std::vector<double> champion = DivisionOf(node, node.champion);
  for (std::uint32_t c = 0; c < statistics.width(); ++c) {
    const bool nested = c % statistics.stride() == node.champion % statistics.stride();
    const std::uint32_t others = forest::CountLeft(node, c);
    if (others == 0 || others == node.records || (nested && others == lefts)) continue;
    least = std::min(least, CertifiedRemovals(champion, DivisionOf(node, c), nested, node.records));
  }
  return least;
}

TEST_F(RobustnessTest, IsTheLeastOverAllChallengers) {
  std::mt19937_64 random(tests::Seed(1));
  std::size_t nodes = 0, promising = 0;
  for (const std::size_t classes : {2U, 3U, 6U}) {
    const tests::Data data = tests::RandomData(random, {.records = 3'000, .features = 12, .classes = classes});
    const Model model =
        Train({.trees = 5, .occupancy = 3, .min_split = 5, .min_leaf = static_cast<std::uint32_t>(classes)}, data);
    const forest::Context& context = model.forest().context();
    std::vector<std::uint64_t> histogram;
    for (const forest::Tree& tree : model.forest().trees()) {
      forest::ForEachNode(tree.root, [&](const Node& node) {
        if (node.leaf()) return;
        const Robustness robustness = RobustnessOf(context, node, forest::ChooseChampion(context, node));
        EXPECT_EQ(robustness.removals, LeastOfAll(node, context.parameters.min_leaf));
        ++nodes;
        promising += robustness.removals > 0 ? 1 : 0;
        std::size_t bin = 0;
        while (robustness.removals + 1 >= std::uint64_t{2} << bin) ++bin;
        histogram.resize(std::max(histogram.size(), bin + 1));
        ++histogram[bin];
      });
    }
    EXPECT_EQ(RobustnessHistogram(model.forest(), *executor_), histogram);
    EXPECT_EQ(RobustnessHistogram(model.forest(), *forest::MakeThreadExecutor(3)), histogram);
  }
  EXPECT_GT(nodes, 50U);
  EXPECT_GT(promising, 10U);
}

// What a split depends on besides the scores: if none of it changes, the certificate must keep its promise.
struct Circumstances {
  std::vector<datasets::RecordId> anchors;
  std::vector<bool> none_above;

  Circumstances(const Model& model, const Node& node) {
    for (const forest::Slot slot : node.statistics.anchors()) anchors.push_back(model.records().id(slot));
    for (std::size_t c = 0; c < node.statistics.width(); ++c)
      none_above.push_back(node.statistics.Above(c, node.records) == 0);
  }
  bool operator==(const Circumstances&) const = default;
};

// Removes records of one class from one side, again and again: that weakens a split fast.
TEST_F(RobustnessTest, ASplitSurvivesSoManyRemovals) {
  std::mt19937_64 random(tests::Seed(2));
  std::size_t kept = 0;
  for (int round = 0; round < 400; ++round) {
    const std::size_t classes = 2 + random() % 3;
    const tests::Data data = tests::RandomData(random, {.records = 400, .features = 6, .classes = classes});
    Model model = Train({.seed = random(), .trees = 1, .occupancy = 1, .min_split = 5}, data);
    const auto root = [&]() -> const Node* { return model.forest().trees()[0].root.node(); };
    if (root() == nullptr || root()->leaf()) continue;
    const forest::Context& context = model.forest().context();
    const auto removals = RobustnessOf(context, *root(), forest::ChooseChampion(context, *root())).removals;
    const Circumstances before(model, *root());
    const std::uint32_t champion = root()->champion;
    const forest::Split split = root()->split;

    std::vector<std::size_t> rows(data.table.size());
    std::iota(rows.begin(), rows.end(), 0);
    std::shuffle(rows.begin(), rows.end(), random);
    const std::size_t label = random() % classes;
    const bool left = random() % 2 == 0;
    std::stable_partition(rows.begin(), rows.end(), [&](std::size_t i) {
      return data.table.labels[i] == label && split.Left(data.table.row(i)[split.attribute]) == left;
    });
    for (std::uint64_t r = 0; r < removals && r < rows.size(); ++r) {
      ASSERT_TRUE(model.Forget({&data.table.ids[rows[r]], 1}).ok());
      if (root() == nullptr || root()->leaf() || !(Circumstances(model, *root()) == before)) break;
      ++kept;
      ASSERT_EQ(root()->champion, champion) << "after " << r + 1 << " of " << removals;
    }
  }
  EXPECT_GT(kept, 300U) << "the certificate promises something";
}

// Two classes; bit 0: class, bit 1: right of the champion, bit 2: right of the challenger.
using Counts = std::array<int, 8>;

double Score(const Counts& counts, std::size_t side_bit) {
  std::array<double, 4> division{};
  for (std::size_t cell = 0; cell < 8; ++cell) {
    division[(cell >> side_bit & 1) * 2 + (cell & 1)] += counts[cell];
  }
  if (division[0] + division[1] == 0 || division[2] + division[3] == 0) return -1;
  return ScoreOf(division);
}

// Calls f with all counts that differ from these by `changes` records, more or fewer.
void ForEachChange(Counts& counts, int changes, std::size_t cell, const std::function<void(const Counts&)>& f) {
  if (cell == 8) {
    if (changes == 0) f(counts);
    return;
  }
  const int before = counts[cell];
  for (int k = -std::min(changes, before); k <= changes; ++k) {
    counts[cell] = before + k;
    ForEachChange(counts, changes - std::abs(k), cell + 1, f);
  }
  counts[cell] = before;
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

TEST_F(RobustnessTest, HalfTheLeadCoversRemovalsAndAdditions) {
  std::uint64_t certified = 0;
  for (int records = 2; records <= 11; ++records) {
    Counts counts{};
    ForEachNode(counts, records, 0, [&](Counts& node) {
      const double champion = Score(node, 1), challenger = Score(node, 2);
      if (challenger < 0 || !(champion > challenger)) return;
      const auto most = static_cast<int>(SurvivedChanges(champion, challenger, records, 2));
      if (most == 0) return;
      ++certified;
      for (int changes = 1; changes <= most; ++changes) {
        ForEachChange(node, changes, 0, [&](const Counts& after) {
          const double now = Score(after, 1);
          if (now < 0) return;  // the champion divides nothing any more: another event
          ASSERT_GT(now, Score(after, 2)) << "after " << changes << " of " << most << " changes to " << records;
        });
      }
    });
  }
  EXPECT_GT(certified, 100U) << "the certificate promises something";
}

TEST_F(RobustnessTest, HalfTheLead) {
  EXPECT_EQ(SurvivedChanges(100, 90, 1000, 2), 4U);
  EXPECT_EQ(SurvivedChanges(100, 100, 1000, 2), 0U);
  EXPECT_EQ(SurvivedChanges(100, 101, 1000, 2), 0U);
  EXPECT_EQ(SurvivedChanges(100, 97.9, 1000, 2), 1U);
  EXPECT_EQ(SurvivedChanges(1e6, 0, 10, 2), 10U) << "at most all of them";
}

}  // namespace
}  // namespace hedgerow::unlearn
