// Proves that kept answers are never anything but what the model would answer: after updates, after work of the
// background that changes trees under the same number, with far too little room, and with many threads.
#include "unlearn/result_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::unlearn {
namespace {

using datasets::Cell;

class ResultCacheTest : public ::testing::Test {
 protected:
  Model Train(std::size_t cache_bytes) {
    auto model =
        Model::Train({.seed = 3, .trees = 10, .occupancy = 6, .min_split = 2}, data_.schema, data_.table, *executor_);
    EXPECT_TRUE(model.ok()) << model.error().ToString();
    model->CacheResults(cache_bytes);
    return std::move(*model);
  }

  std::vector<double> Ask(const Model& model, std::size_t row) {
    std::vector<double> answer(model.forest().classes());
    EXPECT_EQ(model.Predict(data_.table.row(row).data(), answer.data()), model.sequence());
    return answer;
  }
  std::vector<double> OfTheTrees(const Model& model, std::size_t row) {
    std::vector<double> answer(model.forest().classes());
    model.forest().Predict(data_.table.row(row).data(), answer.data());
    return answer;
  }

  std::mt19937_64 random_{tests::Seed(71)};
  tests::Data data_ = tests::RandomData(random_, {.records = 1'500, .features = 7, .classes = 3});
  std::unique_ptr<forest::Executor> executor_ = forest::MakeSerialExecutor();
};

// The record itself is asked about, and its leaves had few others: with min_split 2 its answer has to change.
TEST_F(ResultCacheTest, AForgottenRecordDoesNotAnswer) {
  Model model = Train(1 << 20);
  std::size_t changed = 0;
  for (std::size_t row = 0; row < 50; ++row) {
    const std::vector<double> before = Ask(model, row);
    const ResultCache::Counts once = model.cached();
    EXPECT_EQ(Ask(model, row), before);
    EXPECT_EQ(model.cached().hits, once.hits + 1) << "nothing came between";
    EXPECT_EQ(model.cached().misses, once.misses);
    ASSERT_TRUE(model.Forget({&data_.table.ids[row], 1}).ok());
    const std::vector<double> after = Ask(model, row);
    EXPECT_EQ(model.cached().misses, once.misses + 1) << "the same row, but another state";
    EXPECT_EQ(after, OfTheTrees(model, row));
    changed += after != before ? 1 : 0;
  }
  EXPECT_GT(changed, 25U) << "the test would not notice";
}

// A place that is grown anew in the background changes answers, but not the number of the update.
TEST_F(ResultCacheTest, WorkOfTheBackgroundIsAnotherState) {
  Model model = Train(1 << 20);
  model.Defer({.inline_records = 0, .inline_counted = 0});
  std::size_t changed = 0;
  for (std::size_t row = 0; row < 300; ++row) {
    ASSERT_TRUE(model.Forget({&data_.table.ids[row], 1}).ok());
    if (model.waiting().places == 0) continue;
    std::vector<std::vector<double>> before;
    for (std::size_t asked = 0; asked < 40; ++asked) before.push_back(Ask(model, asked));
    const std::uint64_t sequence = model.sequence();
    model.Settle();
    ASSERT_EQ(model.sequence(), sequence);
    for (std::size_t asked = 0; asked < 40; ++asked) {
      ASSERT_EQ(Ask(model, asked), OfTheTrees(model, asked)) << "row " << asked << " after update " << sequence;
      changed += before[asked] != OfTheTrees(model, asked) ? 1 : 0;
    }
  }
  EXPECT_GT(changed, 0U) << "the test would not notice";
}

// Two entries for all rows: they give way to each other, and memory stays where it is.
TEST_F(ResultCacheTest, TooLittleRoomCostsTimeAlone) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{300}, std::size_t{5'000}}) {
    Model model = Train(bytes);
    const std::uint64_t room = model.Memory().at("cache").bytes;
    EXPECT_LE(room, std::max<std::size_t>(bytes, 256));
    for (int i = 0; i < 3'000; ++i) {
      const std::size_t row = random_() % 40;
      ASSERT_EQ(Ask(model, row), OfTheTrees(model, row));
    }
    EXPECT_GT(model.cached().hits, 0U);
    EXPECT_GT(model.cached().misses, 40U);
    EXPECT_EQ(model.Memory().at("cache").bytes, room);
  }
}

TEST_F(ResultCacheTest, FewRowsAreLookedUpAndManyAreNot) {
  Model model = Train(1 << 20);
  const std::size_t classes = model.forest().classes();
  std::vector<double> answers(100 * classes), expected(100 * classes);
  model.forest().PredictBatch(data_.table.cells.data(), 100, expected.data(), *executor_);
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, Model::kCachedRows, Model::kCachedRows + 1}) {
    for (int again = 0; again < 2; ++again) {
      model.PredictBatch(data_.table.cells.data(), count, answers.data(), *executor_);
      EXPECT_TRUE(std::equal(answers.begin(), answers.begin() + static_cast<std::ptrdiff_t>(count * classes),
                             expected.begin()));
    }
  }
  // One row twice, then eight, of which one was known, then eight that all were. Some rows are equal.
  EXPECT_EQ(model.cached().hits + model.cached().misses, 2 + 2 * Model::kCachedRows);
  EXPECT_LE(model.cached().misses, Model::kCachedRows);
  EXPECT_GE(model.cached().misses, 2U);
  model.CacheResults(0);
  EXPECT_EQ(Ask(model, 0), OfTheTrees(model, 0));
  EXPECT_EQ(model.cached().hits, 0U);
}

// Every answer says which row and state it is for, so that a wrong one is seen.
TEST(ResultCacheThreads, NeverGiveAnAnswerOfAnotherRowOrState) {
  constexpr std::size_t kWidth = 3, kClasses = 2;
  ResultCache cache(2'000, kWidth, kClasses);
  std::atomic<std::uint64_t> wrong = 0, hits = 0;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 40'000; ++i) {
        const std::uint64_t state = 1 + static_cast<std::uint64_t>(i) / 1'000;
        const auto value = static_cast<Cell>(random() % 50);
        const Cell row[kWidth] = {value, 7, value * value};
        const double right[kClasses] = {static_cast<double>(value), static_cast<double>(state)};
        double found[kClasses] = {};
        if (cache.Find(state, row, found)) {
          ++hits;
          wrong += found[0] == right[0] && found[1] == right[1] ? 0 : 1;
        } else {
          cache.Keep(state, row, right);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(hits, 1'000U);
  const ResultCache::Counts counts = cache.counts();
  EXPECT_EQ(counts.hits, hits);
  EXPECT_EQ(counts.hits + counts.misses, 160'000U);
}

}  // namespace
}  // namespace hedgerow::unlearn
