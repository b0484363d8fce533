// Proves that a model which puts work off is clean at once and exact when the work is done, however updates and steps
// of background work interleave.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <iostream>
#include <memory>
#include <numeric>
#include <random>
#include <thread>

#include "forest/background_executor.h"
#include "tests/support/data.h"
#include "tests/unlearn/story.h"
#include "unlearn/model.h"

namespace hedgerow::unlearn {
namespace {

class DeferralTest : public ::testing::Test {
 protected:
  Model Train(const forest::Parameters& parameters, const datasets::Schema& schema, const Table& table) {
    auto model = Model::Train(parameters, schema, table, *executor_);
    EXPECT_TRUE(model.ok()) << model.error().ToString();
    return std::move(*model);
  }

  ::testing::AssertionResult EqualsRegrown(Model& model) {
    forest::Forest regrown = model.Regrow(*executor_);
    if (regrown.Root(model.records(), *executor_) == model.Root(*executor_)) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "the model differs from the regrown one, with " << model.records().size()
                                         << " records";
  }

  // What is published is what the trees say, quarantined places included.
  void ExpectPredictionsOfTheTrees(const Model& model, const Table& rows) {
    std::vector<double> published(model.forest().classes()), walked(model.forest().classes());
    for (std::size_t i = 0; i < rows.size(); i += 1 + rows.size() / 20) {
      model.Predict(rows.row(i).data(), published.data());
      model.forest().Predict(rows.row(i).data(), walked.data());
      ASSERT_EQ(published, walked);
    }
  }

  std::unique_ptr<forest::Executor> executor_ = forest::MakeSerialExecutor();
};

DeferOptions RandomOptions(std::mt19937_64& random) {
  DeferOptions options;
  options.inline_records = std::array<std::uint32_t, 5>{0, 0, 20, 128, 600}[random() % 5];
  options.inline_counted = std::array<std::uint32_t, 3>{0, 300, 4096}[random() % 3];
  options.busy_places = std::array<std::size_t, 3>{0, 10, 100'000}[random() % 3];
  options.busy_inline_records = std::array<std::uint32_t, 3>{0, 50, 500}[random() % 3];
  options.queue_limit = random() % 8 == 0 ? 3 : 100'000;
  options.hedges.min_records = 129;
  options.hedges.horizon = std::array<std::uint64_t, 4>{0, 1, 5, 1000}[random() % 4];
  options.hedges.memory_bytes = std::array<std::size_t, 2>{100'000, 100'000'000}[random() % 2];
  options.hedges.max_records = random() % 4 == 0 ? 300 : 100'000;
  // Small limits: then all the steps of a large place are made, and updates come in between.
  options.steps.records_grown = std::array<std::uint32_t, 3>{0, 100, 300}[random() % 3];
  options.steps.rows_copied = 1 + static_cast<std::uint32_t>(random() % 100);
  options.steps.changes_applied = 1 + static_cast<std::uint32_t>(random() % 5);
  options.steps.records_placed = std::array<std::uint32_t, 4>{0, 150, 400, 2048}[random() % 4];
  return options;
}

// All rows, asked of the model and of one whose quarantined places hold the counts of their records by definition.
TEST_F(DeferralTest, AnyStoryWithAnySteps) {
  std::mt19937_64 random(tests::Seed(51));
  Effect totals;
  for (int round = 0; round < 300; ++round) {
    const tests::Shape shape{std::array<std::size_t, 6>{3, 50, 200, 300, 700, 1500}[random() % 6], 1 + random() % 8,
                             std::array<std::size_t, 4>{2, 2, 3, 6}[random() % 4]};
    const tests::Data data = tests::RandomData(random, {shape.records + 100, shape.features, shape.classes});
    std::vector<std::size_t> rows(shape.records);
    std::iota(rows.begin(), rows.end(), 0U);
    const Table start = tests::Take(data.table, rows);
    Model model = Train(tests::RandomParameters(random, shape.features), data.schema, start);
    // A clock that has been running for days: what began at no time would seem to last as long.
    std::uint64_t now = 1'000'000'000'000'000;
    DeferOptions options = RandomOptions(random);
    options.now = [&now] { return now += 1'000; };
    model.Defer(options);
    if (round % 5 == 0) model.ScoreAlways();
    if (round % 3 == 0) model.CacheResults(round % 2 == 0 ? 1'000 : 100'000);
    Story story(random, data, start);
    const std::size_t steps_each = random() % 12;
    for (int update = 0; update < 80; ++update) {
      SCOPED_TRACE(::testing::Message() << "round " << round << ", update " << update);
      story.Step(model);
      if (HasFailure()) return;
      ExpectPredictionsOfTheTrees(model, data.table);
      ASSERT_LT(model.waiting().oldest_s, 100);
      for (std::size_t i = 0; i < random() % (steps_each + 1); ++i) model.Step();
      if (round % 3 == 0) ExpectPredictionsOfTheTrees(model, data.table);
      // Whatever is quarantined now: a digest that was taken too early would be in a root later.
      if (random() % 4 == 0) model.PrepareRoot();
      if (random() % 20 == 0) {
        ASSERT_TRUE(EqualsRegrown(model));
        model.Settle();
        ASSERT_EQ(model.waiting().places, 0U);
        ASSERT_EQ(model.ExactThrough(), model.sequence());
      }
    }
    ASSERT_TRUE(EqualsRegrown(model));
    ASSERT_LT(model.waiting().lasted_p99_us, 100e6);
    ASSERT_EQ(model.Root(*executor_).ToHex(),
              tests::GrowReference(model.forest().parameters(), data.schema, story.All()).Root());
    totals += model.totals();
  }
  EXPECT_GT(totals.queued, 1000U);
  EXPECT_GT(totals.hedge_hits, 100U);
  std::cout << totals.queued << " places were put off, " << totals.flips << " flips grown at once, "
            << totals.hedge_hits << " hedges taken\n";
}

// The same with a thread for the background and readers that never stop, for the thread sanitizer to look at: readers
// see whole states, in their order, and the model is exact as soon as it says so.
TEST_F(DeferralTest, BesideReadersAndABackgroundThread) {
  std::mt19937_64 random(tests::Seed(52));
  const auto background = forest::MakeBackgroundExecutor();
  for (int round = 0; round < 6; ++round) {
    const tests::Data data = tests::RandomData(random, {1500, 6, 3});
    Model model = Train({.seed = 9, .trees = 6, .occupancy = 4}, data.schema, data.table);
    model.Defer(RandomOptions(random), *background);
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> acknowledged = 0;
    std::vector<std::thread> readers;
    for (int r = 0; r < 2; ++r) {
      readers.emplace_back([&] {
        std::vector<double> answer(3);
        std::uint64_t last = 0;
        for (std::size_t i = 0; !stop; i = (i + 1) % data.table.size()) {
          const std::uint64_t before = acknowledged;
          const std::uint64_t sequence = model.Predict(data.table.row(i).data(), answer.data());
          ASSERT_GE(sequence, before) << "an update that had returned is not seen";
          ASSERT_GE(sequence, last);
          last = sequence;
          ASSERT_NEAR(answer[0] + answer[1] + answer[2], 1, 1e-9);
        }
      });
    }
    Story story(random, data, data.table);
    for (int update = 0; update < 150 && !HasFailure(); ++update) {
      story.Step(model);
      acknowledged = model.sequence();
      if (update % 40 != 0) continue;
      model.AwaitExact(acknowledged);
      EXPECT_TRUE(EqualsRegrown(model));
    }
    stop = true;
    for (std::thread& reader : readers) reader.join();
    model.AwaitOverwritten(model.sequence());
    ASSERT_TRUE(EqualsRegrown(model));
    ASSERT_EQ(model.Root(*executor_).ToHex(),
              tests::GrowReference(model.forest().parameters(), data.schema, story.All()).Root());
  }
}

}  // namespace
}  // namespace hedgerow::unlearn
