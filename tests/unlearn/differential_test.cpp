// Proves that after any sequence of forgetting, learning and correcting, single or in batches, the model is byte for
// byte the one that is grown from scratch on the live records.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <random>

#include "tests/support/data.h"
#include "tests/unlearn/story.h"
#include "unlearn/model.h"

namespace hedgerow::unlearn {
namespace {

using datasets::RecordId;
using datasets::Table;

class DifferentialTest : public ::testing::Test {
 protected:
  Model Train(const forest::Parameters& parameters, const tests::Data& data) {
    auto model = Model::Train(parameters, data.schema, data.table, *executor_);
    EXPECT_TRUE(model.ok()) << model.error().ToString();
    return std::move(*model);
  }

  ::testing::AssertionResult EqualsRegrown(Model& model) {
    forest::Forest regrown = model.Regrow(*executor_);
    if (regrown.Root(model.records(), *executor_) == model.Root(*executor_)) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "the model differs from the regrown one, with " << model.records().size()
                                         << " records";
  }

  std::unique_ptr<forest::Executor> executor_ = forest::MakeSerialExecutor();
};

TEST_F(DifferentialTest, AnyStory) {
  std::mt19937_64 random(tests::Seed(41));
  for (int round = 0; round < 500; ++round) {
    const tests::Shape shape{std::array<std::size_t, 7>{0, 3, 50, 120, 300, 700, 1500}[random() % 7], 1 + random() % 8,
                             std::array<std::size_t, 5>{2, 2, 3, 6, 26}[random() % 5]};
    // Some of the records that come later are unlike all that were there.
    const tests::Data data = tests::RandomData(random, {shape.records + 100, shape.features, shape.classes});
    std::vector<std::size_t> rows(shape.records);
    std::iota(rows.begin(), rows.end(), 0U);
    const forest::Parameters parameters = tests::RandomParameters(random, shape.features);
    const Table start = tests::Take(data.table, rows);
    Model model = Train(parameters, {data.schema, start.ids.empty() ? Table{shape.features, {}, {}, {}, {}} : start});
    Story story(random, data, start);
    for (int step = 0; step < 60; ++step) {
      SCOPED_TRACE(::testing::Message() << "round " << round << ", step " << step);
      story.Step(model);
      if (HasFailure()) return;
      if (step % 3 == 0) {
        ASSERT_TRUE(EqualsRegrown(model));
      }
    }
    ASSERT_EQ(model.Root(*executor_).ToHex(),
              tests::GrowReference(model.forest().parameters(), data.schema, story.All()).Root());
  }
}

// Nodes grow past what two bytes count to, and shrink again (forest/node.h, Statistics).
TEST(PackedCounts, NodesGrowPastWhatTheyArePackedFor) {
  std::mt19937_64 random(tests::Seed(14));
  const tests::Data data = tests::RandomData(random, {.records = 65'560, .features = 4, .classes = 2});
  std::vector<std::size_t> rows(65'525);
  std::iota(rows.begin(), rows.end(), 0U);
  const auto executor = forest::MakeSerialExecutor();
  auto model = Model::Train({.seed = 5, .trees = 2, .occupancy = 2, .max_depth = 3, .min_split = 300}, data.schema,
                            tests::Take(data.table, rows), *executor);
  ASSERT_TRUE(model.ok());
  const auto regrown_root = [&] {
    forest::Forest regrown = model->Regrow(*executor);
    return regrown.Root(model->records(), *executor);
  };
  for (std::size_t row = rows.size(); row < data.table.size(); ++row) {
    ASSERT_TRUE(model->Learn(tests::One(data.table, row)).ok());
  }
  ASSERT_EQ(model->records().size(), 65'560U);
  EXPECT_EQ(model->Root(*executor), regrown_root());
  for (std::size_t row = 0; row < 60; ++row) ASSERT_TRUE(model->Forget({&data.table.ids[row], 1}).ok());
  EXPECT_EQ(model->Root(*executor), regrown_root());
}

// Thousands of single updates of nodes with statistics, where the certificate decides what is looked at again.
TEST_F(DifferentialTest, ManySingleUpdatesOfLargeNodes) {
  std::mt19937_64 random(tests::Seed(42));
  for (const std::size_t classes : {2U, 4U}) {
    const tests::Data data = tests::RandomData(random, {2500, 7, classes});
    forest::Parameters parameters;
    parameters.trees = 3;
    parameters.occupancy = 2;
    Model model = Train(parameters, data);
    std::vector<std::size_t> order(data.table.size());
    std::iota(order.begin(), order.end(), 0U);
    // One class goes first: margins move in one direction all the time.
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return data.table.labels[a] < data.table.labels[b]; });
    for (std::size_t k = 0; k < order.size(); ++k) {
      ASSERT_TRUE(model.Forget({&data.table.ids[order[k]], 1}).ok());
      if (k % 25 == 0 || k + 5 > order.size()) {
        ASSERT_TRUE(EqualsRegrown(model)) << "forgotten " << k + 1;
      }
    }
    ASSERT_EQ(model.records().size(), 0U);
    std::shuffle(order.begin(), order.end(), random);
    for (std::size_t k = 0; k < order.size(); ++k) {
      ASSERT_TRUE(model.Learn(tests::One(data.table, order[k])).ok());
      if (k % 25 == 0) {
        ASSERT_TRUE(EqualsRegrown(model)) << "learned " << k + 1;
      }
    }
    Model again = Train(parameters, data);
    ASSERT_EQ(model.Root(*executor_), again.Root(*executor_));
  }
}

TEST_F(DifferentialTest, BatchesEqualSingles) {
  std::mt19937_64 random(tests::Seed(43));
  for (int round = 0; round < 10; ++round) {
    const tests::Data data = tests::RandomData(random, {800, 6, 3});
    const forest::Parameters parameters = tests::RandomParameters(random, 6);
    Model singles = Train(parameters, data);
    Model batches = Train(parameters, data);
    std::vector<RecordId> ids = data.table.ids;
    std::shuffle(ids.begin(), ids.end(), random);
    ids.resize(500);
    for (const RecordId id : ids) ASSERT_TRUE(singles.Forget({&id, 1}).ok());
    for (std::size_t begin = 0; begin < ids.size(); begin += 50) {
      ASSERT_TRUE(batches.Forget(std::span(ids).subspan(begin, 50)).ok());
    }
    ASSERT_EQ(singles.Root(*executor_), batches.Root(*executor_));
    ASSERT_TRUE(EqualsRegrown(singles));
  }
}

// Robustness spares scorings and decides nothing.
TEST_F(DifferentialTest, ScoringAlwaysMakesTheSameModel) {
  std::mt19937_64 random(tests::Seed(45));
  Effect trusting, scoring;
  for (int round = 0; round < 10; ++round) {
    const tests::Data data = tests::RandomData(random, {1500, 6, 2});
    const forest::Parameters parameters = tests::RandomParameters(random, 6);
    Model one = Train(parameters, data), other = Train(parameters, data);
    other.ScoreAlways();
    std::vector<RecordId> ids = data.table.ids;
    std::shuffle(ids.begin(), ids.end(), random);
    for (std::size_t i = 0; i < 300; ++i) {
      ASSERT_TRUE(one.Forget({&ids[i], 1}).ok());
      ASSERT_TRUE(other.Forget({&ids[i], 1}).ok());
      if (i % 30 == 0) {
        ASSERT_EQ(one.Root(*executor_), other.Root(*executor_)) << "round " << round << ", forgotten " << i + 1;
      }
    }
    ASSERT_TRUE(EqualsRegrown(other));
    trusting += one.totals();
    scoring += other.totals();
  }
  EXPECT_EQ(trusting.nodes, scoring.nodes) << "the same nodes are passed";
  EXPECT_EQ(trusting.flips, scoring.flips);
  EXPECT_LT(trusting.scorings, scoring.scorings);
}

TEST_F(DifferentialTest, WhatFailsChangesNothing) {
  std::mt19937_64 random(tests::Seed(44));
  const tests::Data data = tests::RandomData(random, {300, 5, 2});
  Model model = Train({.trees = 5, .occupancy = 3}, data);
  const forest::Digest root = model.Root(*executor_);
  const RecordId unknown = 999'999'999;
  const std::vector<RecordId> half_known{data.table.ids[0], unknown};
  EXPECT_EQ(model.Forget(half_known).error().code, ErrorCode::kUnknownRecord);
  EXPECT_EQ(model.Learn(tests::One(data.table, 0)).error().code, ErrorCode::kBadInput);
  Table fresh = tests::Take(data.table, {0, 0});
  fresh.ids = {unknown, unknown};
  EXPECT_EQ(model.Learn(fresh).error().code, ErrorCode::kBadInput) << "an id twice in the batch";
  EXPECT_EQ(model.Correct(fresh).error().code, ErrorCode::kBadInput);
  fresh = tests::One(data.table, 0);
  fresh.ids = {unknown};
  EXPECT_EQ(model.Correct(fresh).error().code, ErrorCode::kUnknownRecord);
  fresh.labels = {2};
  EXPECT_EQ(model.Learn(fresh).error().code, ErrorCode::kBadInput) << "no such class";
  fresh.labels = {1};
  fresh.cells.pop_back();
  EXPECT_EQ(model.Learn(fresh).error().code, ErrorCode::kBadInput) << "too few cells";
  EXPECT_EQ(model.Root(*executor_), root);
  EXPECT_TRUE(EqualsRegrown(model));
  EXPECT_EQ(model.records().size(), data.table.size());

  const std::vector<RecordId> twice{data.table.ids[0], data.table.ids[0]};
  EXPECT_TRUE(model.Forget(twice).ok()) << "an id that is given twice counts once";
  EXPECT_EQ(model.records().size(), data.table.size() - 1);
  EXPECT_TRUE(EqualsRegrown(model));
}

}  // namespace
}  // namespace hedgerow::unlearn
