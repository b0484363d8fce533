// Proves with threads, and under ThreadSanitizer, that predictions beside a writer see whole states only: each answer
// is that of the model grown without what had gone by its sequence number, and one that starts after an acknowledgement
// is of that update's state or a later one.
#include "unlearn/readers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::unlearn {
namespace {

TEST(Readers, AGracePeriodPassesWhenThoseWhoWereInHaveLeft) {
  Readers readers;
  // Nobody there: at once.
  EXPECT_EQ(readers.Advance(readers.Until()), 1U);
  auto first = std::make_unique<Readers::Visit>(readers.Enter());
  const std::uint64_t until = readers.Until();
  EXPECT_LT(readers.Advance(until), until);
  // Later ones do not hold it up.
  const Readers::Visit second = readers.Enter();
  EXPECT_LT(readers.Advance(until), until);
  first.reset();
  EXPECT_EQ(readers.Advance(until), until);
  // But they hold up the next one; and what is published while one is on its way needs another.
  const std::uint64_t next = readers.Until();
  EXPECT_LT(readers.Advance(next), next);
  EXPECT_EQ(readers.Until(), next + 1);
}

TEST(Readers, AVisitThatIsMovedLeavesOnce) {
  Readers readers;
  {
    Readers::Visit one = readers.Enter();
    Readers::Visit two = std::move(one);
    Readers::Visit three = readers.Enter();
    three = std::move(two);
    EXPECT_EQ(readers.Advance(1), 0U);
  }
  EXPECT_EQ(readers.Advance(1), 1U);
}

// A hundred values that are always equal: a reader that sees two different ones was given memory in use.
TEST(Readers, MemoryIsNotUsedAgainWhileSomebodyReadsIt) {
  constexpr std::size_t kStates = 32, kValues = 100;
  constexpr std::uint64_t kUpdates = 3'000;
  struct State {
    std::vector<std::uint64_t> values = std::vector<std::uint64_t>(kValues);
    std::uint64_t until = 0;
  };
  std::vector<State> states(kStates);
  std::atomic<const State*> current = &states[0];
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> torn = 0, reads = 0;
  Readers readers;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      std::uint64_t last = 0;
      while (!done.load(std::memory_order_relaxed) || reads.load(std::memory_order_relaxed) == 0) {
        const Readers::Visit visit = readers.Enter();
        const State& state = *current.load(std::memory_order_seq_cst);
        const std::uint64_t value = state.values[0];
        for (const std::uint64_t other : state.values) torn += other != value ? 1 : 0;
        torn += value < last ? 1 : 0;
        last = value;
        ++reads;
      }
    });
  }
  std::size_t at = 0;
  for (std::uint64_t update = 1; update <= kUpdates; ++update) {
    // The place that has been out of use for longest.
    const std::size_t next = (at + 1) % kStates;
    while (readers.Advance(states[next].until) < states[next].until) std::this_thread::yield();
    for (std::uint64_t& value : states[next].values) value = update;
    current.store(&states[next], std::memory_order_seq_cst);
    states[at].until = readers.Until();
    at = next;
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn, 0U);
  EXPECT_GT(reads, 0U);
}

class Hammering : public ::testing::Test {
 protected:
  static constexpr std::size_t kQuestions = 20;  // so many go down the trees as a block

  Model Train() {
    forest::Parameters parameters;
    parameters.trees = 12;
    parameters.occupancy = 8;
    auto model = Model::Train(parameters, data_.schema, data_.table, *executor_);
    EXPECT_TRUE(model.ok());
    return std::move(*model);
  }

  // Update number `step` of the story: one record forgotten, every fourth time learned again, sometimes many.
  void Step(Model& model, std::uint64_t step) {
    const std::size_t row = step % data_.table.size();
    if (step % 4 == 3) {
      ASSERT_TRUE(model.Learn(tests::One(data_.table, row - 1)).ok());
    } else if (step % 52 == 9) {
      ASSERT_TRUE(model.Correct(tests::One(data_.table, data_.table.size() - 1 - step % 40)).ok());
    } else {
      ASSERT_TRUE(model.Forget({&data_.table.ids[row], 1}).ok());
    }
  }

  std::vector<double> Answer(const forest::Forest& forest, std::size_t question) const {
    std::vector<double> probabilities(forest.classes());
    forest.Predict(data_.table.row(question).data(), probabilities.data());
    return probabilities;
  }

  std::mt19937_64 random_{tests::Seed(51)};
  tests::Data data_ = tests::RandomData(random_, {.records = 1'500, .features = 9, .classes = 3});
  std::unique_ptr<forest::Executor> executor_ = forest::MakeSerialExecutor();
};

// With kept answers and without.
class HammeringWithCache : public Hammering, public ::testing::WithParamInterface<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Bytes, HammeringWithCache, ::testing::Values(0, 1'000, 1'000'000));

TEST_P(HammeringWithCache, EveryAnswerIsThatOfOneWholeState) {
  constexpr std::uint64_t kUpdates = 900;
  // What each state answers: from the trees of a model that makes the same updates while nobody asks, and now and then
  // from one that is grown anew on what is left.
  std::vector<std::vector<std::vector<double>>> expected(kUpdates + 1);
  {
    Model model = Train();
    for (std::uint64_t step = 0; step <= kUpdates; ++step) {
      for (std::size_t q = 0; q < kQuestions; ++q) expected[step].push_back(Answer(model.forest(), q));
      if (step % 100 == 0) {
        const forest::Forest regrown = model.Regrow(*executor_);
        for (std::size_t q = 0; q < kQuestions; ++q) ASSERT_EQ(Answer(regrown, q), expected[step][q]);
      }
      if (step < kUpdates) Step(model, step);
    }
  }

  Model model = Train();
  model.CacheResults(GetParam());
  std::atomic<std::uint64_t> acknowledged = 0, answers = 0, wrong = 0, stale = 0;
  std::atomic<int> ready = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      const std::unique_ptr<forest::Executor> executor = forest::MakeSerialExecutor();
      std::vector<double> found(kQuestions * 3);
      ++ready;
      for (std::size_t turn = 0; acknowledged.load(std::memory_order_acquire) < kUpdates; ++turn) {
        const std::uint64_t before = acknowledged.load(std::memory_order_acquire);
        const bool all = (turn + static_cast<std::size_t>(t)) % 4 == 0;
        const std::size_t question = turn % kQuestions;
        const std::uint64_t sequence =
            all ? model.PredictBatch(data_.table.cells.data(), kQuestions, found.data(), *executor)
                : model.Predict(data_.table.row(question).data(), found.data());
        stale += sequence < before ? 1 : 0;
        for (std::size_t q = 0; q < (all ? kQuestions : 1); ++q) {
          const std::vector<double>& right = expected[sequence][all ? q : question];
          wrong += std::equal(right.begin(), right.end(), found.begin() + static_cast<std::ptrdiff_t>(q * 3)) ? 0 : 1;
          ++answers;
        }
      }
    });
  }
  while (ready < 3) std::this_thread::yield();
  for (std::uint64_t step = 0; step < kUpdates; ++step) {
    Step(model, step);
    acknowledged.store(step + 1, std::memory_order_release);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(stale, 0U);
  EXPECT_GT(answers, 0U);
  forest::Forest regrown = model.Regrow(*executor_);
  EXPECT_EQ(regrown.Root(model.records(), *executor_), model.Root(*executor_));
}

}  // namespace
}  // namespace hedgerow::unlearn
