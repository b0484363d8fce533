// Proves that a survey in steps finds what is found at once where nothing changes; and that, where updates come between
// all steps, no node is counted twice and none is left out that is there from beginning to end.
#include "unlearn/survey.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>
#include <tuple>

#include "tests/unlearn/story.h"
#include "unlearn/robustness.h"

namespace hedgerow::unlearn {
namespace {

using Place = std::tuple<std::size_t, std::uint64_t, std::uint32_t>;  // tree, path, depth

class SurveyTest : public ::testing::Test {
 protected:
  Model Train(const tests::Data& data) {
    auto model = Model::Train({.seed = 3, .trees = 6, .occupancy = 4}, data.schema, data.table, *executor_);
    EXPECT_TRUE(model.ok());
    return std::move(*model);
  }

  static std::set<Place> Splits(const Model& model) {
    std::set<Place> splits;
    for (std::size_t t = 0; t < model.forest().trees().size(); ++t) {
      forest::ForEachNode(model.forest().trees()[t].root, [&](const forest::Node& node) {
        if (!node.leaf()) splits.emplace(t, node.path, node.place().depth);
      });
    }
    return splits;
  }

  void ExpectFoundAtOnce(const Model& model, const Survey& survey) {
    EXPECT_EQ(survey.robustness, RobustnessHistogram(model.forest(), *executor_));
    EXPECT_EQ(survey.memory, model.Memory());
    EXPECT_EQ(survey.from, model.sequence());
    EXPECT_EQ(survey.through, model.sequence());
  }

  std::mt19937_64 random_{tests::Seed(61)};
  std::unique_ptr<forest::Executor> executor_ = forest::MakeSerialExecutor();
};

TEST_F(SurveyTest, FindsWhatIsFoundAtOnce) {
  for (const std::size_t records : {1U, 200U, 12'000U}) {
    const tests::Data data = tests::RandomData(random_, {.records = records, .features = 6, .classes = 3});
    Model model = Train(data);
    ExpectFoundAtOnce(model, model.TakeSurvey());
    model.Defer({.hedges = {.min_records = 64, .horizon = 50}});
    Story story(random_, data, data.table);
    for (int i = 0; i < 5; ++i) story.Step(model);
    ExpectFoundAtOnce(model, model.TakeSurvey());  // with quarantined places
    model.Settle();
    ExpectFoundAtOnce(model, model.TakeSurvey());  // with hedges
  }
}

TEST_F(SurveyTest, CountsOnceWhatStaysWhileUpdatesGoOn) {
  std::size_t changed = 0;
  for (int round = 0; round < 4; ++round) {
    const tests::Data data = tests::RandomData(random_, {.records = 6'000, .features = 6, .classes = 2});
    Model model = Train(data);
    Story story(random_, data, data.table);
    Surveyor surveyor;
    std::set<Place> always = Splits(model), ever = always;
    std::size_t steps = 0;
    for (std::size_t t = 0; t < model.forest().trees().size(); ++t) {
      for (bool more = true; more; ++steps) {
        more = surveyor.Step(model.forest(), t);
        story.Step(model);
        const std::set<Place> now = Splits(model);
        std::set<Place> both;
        std::set_intersection(always.begin(), always.end(), now.begin(), now.end(), std::inserter(both, both.end()));
        always = std::move(both);
        ever.insert(now.begin(), now.end());
      }
    }
    Survey survey;
    surveyor.AddTo(model.forest(), survey);
    const std::size_t counted = std::accumulate(survey.robustness.begin(), survey.robustness.end(), std::size_t{0});
    EXPECT_GT(steps, 2 * model.forest().trees().size());
    EXPECT_GE(counted, always.size());
    EXPECT_LE(counted, ever.size());
    changed += ever.size() - always.size();
    ExpectFoundAtOnce(model, model.TakeSurvey());
  }
  EXPECT_GT(changed, 0U) << "nothing ever changed, so nothing was tried";
}

TEST_F(SurveyTest, TellsFromWhichUpdateToWhich) {
  const tests::Data data = tests::RandomData(random_, {.records = 2'000, .features = 4, .classes = 2});
  Model model = Train(data);
  Story story(random_, data, data.table);
  std::size_t told = 0;
  const Survey survey = model.TakeSurvey([&](std::size_t done, std::size_t total) {
    EXPECT_EQ(done, ++told);
    EXPECT_EQ(total, model.forest().trees().size());
    story.Forget(model, 1);
  });
  EXPECT_EQ(told, model.forest().trees().size());
  EXPECT_EQ(survey.from, 0U);
  EXPECT_EQ(survey.through, told);
}

}  // namespace
}  // namespace hedgerow::unlearn
