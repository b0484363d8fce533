// Proves that growing gives the model of docs/model.md: fingerprints and predictions equal those of the reference,
// whatever the data, the parameters, the order of the records and the number of threads.
#include "forest/forest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <numeric>
#include <set>
#include <string>

#include "forest/grow.h"
#include "forest/occupancy.h"
#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::forest {
namespace {

using tests::Data;

unlearn::Model Train(const Parameters& parameters, const Data& data, Executor& executor) {
  auto model = unlearn::Model::Train(parameters, data.schema, data.table, executor);
  EXPECT_TRUE(model.ok()) << model.error().ToString();
  return std::move(*model);
}

std::vector<double> Predict(const Forest& forest, std::span<const Cell> row) {
  std::vector<double> probabilities(forest.classes());
  forest.Predict(row.data(), probabilities.data());
  return probabilities;
}

// Sizes around the limits: none, one, small trees, one more than a small tree holds, several large levels.
constexpr std::size_t kSizes[] = {0, 1, 2, 3, 5, 17, 60, 95, 96, 97, 98, 130, 200, 333, 700};

TEST(ForestTest, EqualsTheReference) {
  std::mt19937_64 random(tests::Seed(11));
  const auto executor = MakeSerialExecutor();
  for (int round = 0; round < 300; ++round) {
    const tests::Shape shape{kSizes[random() % std::size(kSizes)], 1 + random() % 9,
                             std::array<std::size_t, 6>{2, 2, 2, 3, 7, 26}[random() % 6]};
    const Data data = tests::RandomData(random, shape);
    const Parameters parameters = tests::RandomParameters(random, shape.features);
    SCOPED_TRACE(::testing::Message() << "round " << round << ", records " << shape.records);
    unlearn::Model model = Train(parameters, data, *executor);
    const reference::Forest reference = tests::GrowReference(parameters, data.schema, data.table);
    ASSERT_EQ(model.Root(*executor).ToHex(), reference.Root());

    // Rows of the data, and rows with cells that were never seen.
    Data unseen = tests::RandomData(random, {20, shape.features, shape.classes});
    for (std::size_t i = 0; i < unseen.table.size(); ++i) {
      const auto row = unseen.table.row(i);
      ASSERT_EQ(Predict(model.forest(), row), reference.Predict({row.begin(), row.end()}));
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(20, data.table.size()); ++i) {
      const auto row = data.table.row(i);
      ASSERT_EQ(Predict(model.forest(), row), reference.Predict({row.begin(), row.end()}));
    }
  }
}

TEST(ForestTest, EqualsTheReferenceOnManyRecords) {
  std::mt19937_64 random(tests::Seed(12));
  const auto executor = MakeSerialExecutor();
  for (const std::size_t classes : {2U, 5U}) {
    const Data data = tests::RandomData(random, {6000, 8, classes});
    Parameters parameters;
    parameters.trees = 4;
    parameters.occupancy = 3;
    parameters.min_split = 4;
    unlearn::Model model = Train(parameters, data, *executor);
    ASSERT_EQ(model.Root(*executor).ToHex(), tests::GrowReference(parameters, data.schema, data.table).Root());
  }
}

TEST(ForestTest, TheOrderOfTheRecordsChangesNothing) {
  std::mt19937_64 random(tests::Seed(13));
  const auto executor = MakeSerialExecutor();
  for (int round = 0; round < 20; ++round) {
    const Data data = tests::RandomData(random, {400, 6, 3});
    const Parameters parameters = tests::RandomParameters(random, 6);
    std::vector<std::size_t> order(data.table.size());
    std::iota(order.begin(), order.end(), 0U);
    std::shuffle(order.begin(), order.end(), random);
    const Data shuffled{data.schema, tests::Take(data.table, order)};
    ASSERT_EQ(Train(parameters, data, *executor).Root(*executor),
              Train(parameters, shuffled, *executor).Root(*executor));
  }
}

TEST(ForestTest, TheNumberOfThreadsChangesNothing) {
  std::mt19937_64 random(tests::Seed(14));
  const Data data = tests::RandomData(random, {3000, 7, 4});
  Parameters parameters;
  parameters.trees = 12;
  parameters.occupancy = 5;
  const auto serial = MakeSerialExecutor();
  unlearn::Model model = Train(parameters, data, *serial);
  const Digest root = model.Root(*serial);
  std::vector<double> expected(data.table.size() * 4);
  model.forest().PredictBatch(data.table.cells.data(), data.table.size(), expected.data(), *serial);
  std::vector<std::unique_ptr<Executor>> executors;
  for (const unsigned threads : {1U, 2U, 3U, 7U}) executors.push_back(MakeThreadExecutor(threads));
#ifndef HEDGEROW_SANITIZED  // the thread sanitizer reports races inside the system's oneTBB
  for (const unsigned threads : {1U, 2U, 5U}) executors.push_back(MakeTbbExecutor(threads));
#endif
  for (const auto& executor : executors) {
    unlearn::Model same = Train(parameters, data, *executor);
    EXPECT_EQ(same.Root(*executor), root);
    std::vector<double> probabilities(expected.size());
    same.forest().PredictBatch(data.table.cells.data(), data.table.size(), probabilities.data(), *executor);
    EXPECT_EQ(probabilities, expected);
    EXPECT_EQ(Predict(same.forest(), data.table.row(7)),
              std::vector<double>(expected.begin() + 28, expected.begin() + 32));
  }
}

// Fewer trees than threads: those without a tree are lent sides of large nodes.
TEST(ForestTest, TheNumberOfThreadsChangesNothingInLargeTrees) {
  std::mt19937_64 random(tests::Seed(16));
  const Data data = tests::RandomData(random, {60'000, 4, 2});
  Parameters parameters;
  parameters.min_split = 50;
  for (const std::uint32_t trees : {1U, 2U, 5U}) {
    parameters.trees = parameters.occupancy = trees;
    const auto serial = MakeSerialExecutor();
    const Digest root = Train(parameters, data, *serial).Root(*serial);
    std::vector<std::unique_ptr<Executor>> executors;
    for (const unsigned threads : {2U, 3U, 7U}) executors.push_back(MakeThreadExecutor(threads));
#ifndef HEDGEROW_SANITIZED
    executors.push_back(MakeTbbExecutor(3));
#endif
    for (const auto& executor : executors) {
      std::atomic<std::size_t> sum = 0;
      auto model = unlearn::Model::Train(parameters, data.schema, data.table, *executor,
                                         [&](std::size_t done, std::size_t total) {
                                           EXPECT_EQ(total, trees);
                                           sum += done;
                                         });
      ASSERT_TRUE(model.ok());
      EXPECT_EQ(model->Root(*executor), root);
      EXPECT_EQ(sum, trees * (trees + 1) / 2) << "a tree is done once, when all of its parts are";
    }
  }
}

// Takes over sides as a coin says, whatever their size, and grows them later.
class Procrastinator : public Helpers {
 public:
  explicit Procrastinator(std::mt19937_64& random) : random_(random) {}
  bool TakeOver(std::span<const Slot> slots, const Place& place, Subtree& to) override {
    if (random_() % 2 == 0) return false;
    parts_.push_back({{slots.begin(), slots.end()}, place, &to});
    return true;
  }
  // The last ones first, each in a workspace of its own, as another thread would.
  std::size_t GrowAll(const Context& context, const Records& records) {
    std::size_t count = 0;
    for (; !parts_.empty(); ++count) {
      const Part part = std::move(parts_.back());
      parts_.pop_back();
      Workspace workspace(context);
      workspace.helpers = this;
      *part.to = GrowSubtree(context, records, workspace, part.slots, part.place);
    }
    return count;
  }

 private:
  struct Part {
    std::vector<Slot> slots;
    Place place;
    Subtree* to;
  };
  std::mt19937_64& random_;
  std::vector<Part> parts_;
};

TEST(ForestTest, WhoGrowsASideChangesNothing) {
  std::mt19937_64 random(tests::Seed(17));
  const auto executor = MakeSerialExecutor();
  std::size_t taken = 0;
  for (int round = 0; round < 40; ++round) {
    const Data data = tests::RandomData(random, {500 + random() % 3'000, 1 + random() % 6, 2 + random() % 4});
    const Parameters parameters = tests::RandomParameters(random, data.table.width);
    unlearn::Model model = Train(parameters, data, *executor);
    const Digest root = model.Root(*executor);
    for (Tree& tree : model.forest().trees()) {
      std::vector<Slot> slots;
      const auto number = static_cast<std::uint32_t>(&tree - model.forest().trees().data());
      for (const Slot slot : model.records().LiveSlots()) {
        const auto trees = model.forest().TreesOf(model.records().id(slot));
        if (std::binary_search(trees.begin(), trees.end(), number)) slots.push_back(slot);
      }
      Procrastinator others(random);
      Workspace workspace(model.forest().context());
      workspace.helpers = &others;
      tree.root = GrowSubtree(model.forest().context(), model.records(), workspace, slots, {tree.key, 0, 0});
      taken += others.GrowAll(model.forest().context(), model.records());
    }
    ASSERT_EQ(model.forest().Root(model.records(), *executor), root);
  }
  EXPECT_GT(taken, 100U);
}

TEST(ForestTest, EveryParameterIsInTheRoot) {
  std::mt19937_64 random(tests::Seed(15));
  const auto executor = MakeSerialExecutor();
  Data data = tests::RandomData(random, {150, 4, 2});
  Parameters base;
  base.trees = 4;
  base.occupancy = 2;
  base.min_split = 4;
  std::vector<Parameters> all(9, base);
  all[1].seed = 2;
  all[2].trees = 5;
  all[3].occupancy = 3;
  all[4].max_depth = 3;
  all[5].min_split = 9;
  all[6].min_leaf = 4;
  all[7].thresholds = 3;
  all[8].smoothing = 0.5;
  std::set<Digest> roots;
  for (const Parameters& parameters : all) roots.insert(Train(parameters, data, *executor).Root(*executor));
  data.schema.features[0].name = "renamed";
  roots.insert(Train(base, data, *executor).Root(*executor));
  data.table.ids[0] += 1'000'000;
  roots.insert(Train(base, data, *executor).Root(*executor));
  EXPECT_EQ(roots.size(), all.size() + 2);
}

TEST(OccupancyTest, EachRecordIsInSoManyTreesAndTheyAreFilledEvenly) {
  Parameters parameters;
  parameters.trees = 20;
  parameters.occupancy = 5;
  std::vector<int> records(parameters.trees, 0);
  for (RecordId id = 0; id < 4000; ++id) {
    std::vector<std::uint32_t> trees(parameters.occupancy);
    OccupiedTrees(parameters, id, trees);
    EXPECT_TRUE(std::is_sorted(trees.begin(), trees.end()));
    EXPECT_EQ(std::set<std::uint32_t>(trees.begin(), trees.end()).size(), parameters.occupancy);
    for (const std::uint32_t tree : trees) ++records[tree];
  }
  for (const int count : records) EXPECT_NEAR(count, 1000, 150);
}

// Pins the definition: whoever changes this root changes every model that was ever grown.
TEST(ForestTest, TheModelIsWhatItAlwaysWas) {
  Data data;
  data.schema = {
      "golden", {{"number", datasets::FeatureType::kNumeric}, {"category", datasets::FeatureType::kCategorical}},
      "label",  {"no", "yes"},
      "",       ""};
  data.table.width = 2;
  for (std::uint32_t i = 0; i < 200; ++i) {
    data.table.ids.push_back(i);
    data.table.labels.push_back(static_cast<ClassCode>((i * i / 7 + i) % 3 == 0));
    data.table.cells.push_back(i % 11 == 0 ? datasets::kMissing
                                           : datasets::NumericCell(static_cast<float>(i * 37 % 50) - 20.5F));
    data.table.cells.push_back(static_cast<Cell>(i * i % 13 * 1000003U));
  }
  Parameters parameters;
  parameters.trees = 7;
  parameters.occupancy = 4;
  parameters.min_split = 4;
  parameters.thresholds = 4;
  const auto executor = MakeSerialExecutor();
  const std::string root = "c8ea69d3e89aa84cf645232b1f064591b90433c29d066cf2447d02fc00b82583";
  EXPECT_EQ(Train(parameters, data, *executor).Root(*executor).ToHex(), root);
  EXPECT_EQ(tests::GrowReference(parameters, data.schema, data.table).Root(), root);
}

}  // namespace
}  // namespace hedgerow::forest
