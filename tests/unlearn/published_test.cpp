// Proves that predictions from the published layout are, byte for byte, those of the trees, after every update and
// through every kind of change; that a state which is being read stays as it is; and that memory does not grow with
// updates.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <random>

#include "forest/grow.h"
#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::unlearn {
namespace {

using datasets::RecordId;
using datasets::Table;

class PublishedTest : public ::testing::Test {
 protected:
  Model Train(const forest::Parameters& parameters, const tests::Data& data, const Table& table) {
    auto model = Model::Train(parameters, data.schema, table, *executor_);
    EXPECT_TRUE(model.ok()) << model.error().ToString();
    return std::move(*model);
  }

  // Rows that the model knows, and some that it does not.
  static Table Questions(std::mt19937_64& random, const tests::Data& data, std::size_t count) {
    std::vector<std::size_t> rows(count);
    for (std::size_t& row : rows) row = random() % data.table.size();
    Table questions = tests::Take(data.table, rows);
    for (datasets::Cell& cell : questions.cells) {
      if (random() % 10 == 0) cell = random() % 3 == 0 ? datasets::kMissing : static_cast<datasets::Cell>(random());
    }
    return questions;
  }

  ::testing::AssertionResult AnswersLikeTheTrees(const Model& model, const Table& questions) {
    const std::size_t classes = model.forest().classes();
    std::vector<double> batch(questions.size() * classes), expected(batch.size()), one(classes);
    if (model.PredictBatch(questions.cells.data(), questions.size(), batch.data(), *executor_) != model.sequence()) {
      return ::testing::AssertionFailure() << "another sequence number than " << model.sequence();
    }
    model.forest().PredictBatch(questions.cells.data(), questions.size(), expected.data(), *executor_);
    if (batch != expected) return ::testing::AssertionFailure() << "the batch differs";
    for (std::size_t i = 0; i < questions.size(); ++i) {
      model.Predict(questions.row(i).data(), one.data());
      if (!std::equal(one.begin(), one.end(), expected.begin() + static_cast<std::ptrdiff_t>(i * classes))) {
        return ::testing::AssertionFailure() << "row " << i << " differs";
      }
    }
    return ClassesAreThoseOf(expected, model, questions);
  }

  ::testing::AssertionResult ClassesAreThoseOf(const std::vector<double>& probabilities, const Model& model,
                                               const Table& questions) {
    std::vector<datasets::ClassCode> batch(questions.size()), one(1);
    model.PredictClasses(questions.cells.data(), questions.size(), batch.data(), *executor_);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const std::size_t classes = model.forest().classes();
      const auto expected = forest::MostProbable({probabilities.data() + i * classes, classes});
      const bool current = model.PredictClass(questions.row(i).data(), one[0]) == model.sequence();
      if (!current || one[0] != expected || batch[i] != expected)
        return ::testing::AssertionFailure() << "class of " << i;
    }
    return ::testing::AssertionSuccess();
  }

  std::unique_ptr<forest::Executor> executor_ = forest::MakeSerialExecutor();
};

// Random updates of random sizes.
class Story {
 public:
  Story(std::mt19937_64& random, const tests::Data& data, std::size_t live) : random_(random), data_(data) {
    for (std::size_t i = 0; i < live; ++i) live_.push_back(i);
    for (std::size_t i = live; i < data.table.size(); ++i) gone_.push_back(i);
  }

  void Step(Model& model) {
    std::size_t batch = std::array<std::size_t, 6>{1, 1, 1, 3, 20, 200}[random_() % 6];
    switch (random_() % 4) {
      case 0:
      case 1:
        ASSERT_TRUE(model.Forget(IdsOf(Move(live_, gone_, batch))).ok());
        break;
      case 2:
        ASSERT_TRUE(model.Learn(tests::Take(data_.table, Move(gone_, live_, batch))).ok());
        break;
      default: {
        batch = std::min(batch, live_.size());
        Table table = tests::Take(data_.table, {live_.begin(), live_.begin() + static_cast<std::ptrdiff_t>(batch)});
        for (std::size_t i = 0; i < table.size(); ++i) {
          table.labels[i] = static_cast<datasets::ClassCode>(random_() % data_.schema.classes.size());
        }
        ASSERT_TRUE(model.Correct(table).ok());
      }
    }
  }
  void ForgetAll(Model& model) {
    while (!live_.empty()) {
      const std::size_t batch = live_.size() > 40 ? 20 : 1;
      ASSERT_TRUE(model.Forget(IdsOf(Move(live_, gone_, batch))).ok());
    }
  }

 private:
  std::vector<std::size_t> Move(std::vector<std::size_t>& from, std::vector<std::size_t>& to, std::size_t count) {
    std::shuffle(from.begin(), from.end(), random_);
    std::vector<std::size_t> moved;
    for (; count > 0 && !from.empty(); --count) {
      moved.push_back(from.back());
      to.push_back(from.back());
      from.pop_back();
    }
    return moved;
  }
  std::vector<RecordId> IdsOf(const std::vector<std::size_t>& rows) const {
    std::vector<RecordId> ids;
    for (const std::size_t row : rows) ids.push_back(data_.table.ids[row]);
    return ids;
  }

  std::mt19937_64& random_;
  const tests::Data& data_;
  std::vector<std::size_t> live_, gone_;  // positions in the data
};

TEST_F(PublishedTest, EqualsTheTreesAfterEveryUpdate) {
  std::mt19937_64 random(tests::Seed(41));
  for (int round = 0; round < 24; ++round) {
    const std::size_t classes = std::array<std::size_t, 4>{2, 3, 7, 26}[random() % 4];
    const std::size_t features = std::array<std::size_t, 4>{3, 12, 30, 70}[random() % 4];
    const tests::Data data = tests::RandomData(random, {.records = 1'500, .features = features, .classes = classes});
    forest::Parameters parameters = tests::RandomParameters(random, features);
    parameters.trees = 1 + static_cast<std::uint32_t>(random() % 25);
    parameters.occupancy = 1 + static_cast<std::uint32_t>(random() % parameters.trees);
    const std::size_t live = std::array<std::size_t, 3>{0, 400, 1'200}[random() % 3];
    Story story(random, data, live);
    std::vector<std::size_t> first(live);
    for (std::size_t i = 0; i < live; ++i) first[i] = i;
    Model model = Train(parameters, data, tests::Take(data.table, first));
    const Table questions = Questions(random, data, 40);
    ASSERT_TRUE(AnswersLikeTheTrees(model, questions));
    for (int step = 0; step < 40; ++step) {
      story.Step(model);
      ASSERT_TRUE(AnswersLikeTheTrees(model, questions)) << "round " << round << ", step " << step;
    }
    story.ForgetAll(model);
    ASSERT_EQ(model.records().size(), 0U);
    ASSERT_TRUE(AnswersLikeTheTrees(model, questions));
  }
}

TEST_F(PublishedTest, LargeLeavesAndTinyDepths) {
  std::mt19937_64 random(tests::Seed(42));
  const tests::Data data = tests::RandomData(random, {.records = 1'200, .features = 6, .classes = 3});
  for (const std::uint32_t depth : {0U, 1U, 2U, 3U, 4U}) {
    forest::Parameters parameters;
    parameters.trees = 9;
    parameters.occupancy = 5;
    parameters.max_depth = depth;
    Story story(random, data, 1'200);
    Model model = Train(parameters, data, data.table);
    const Table questions = Questions(random, data, 40);
    for (int step = 0; step < 30; ++step) {
      story.Step(model);
      ASSERT_TRUE(AnswersLikeTheTrees(model, questions)) << "depth " << depth << ", step " << step;
    }
  }
}

TEST_F(PublishedTest, AReadingStaysAsItIsWhileUpdatesGoOn) {
  std::mt19937_64 random(tests::Seed(43));
  const tests::Data data = tests::RandomData(random, {.records = 1'500, .features = 8, .classes = 2});
  forest::Parameters parameters;
  parameters.trees = 10;
  parameters.occupancy = 6;
  forest::Forest forest(forest::Resolve(parameters, 1'500, 2), data.schema);
  forest::Records records(8, parameters.seed);
  std::vector<forest::Slot> slots;
  for (std::size_t i = 0; i < data.table.size(); ++i) {
    slots.push_back(records.Insert(data.table.ids[i], data.table.labels[i], data.table.row(i)));
  }
  forest.Grow(records, *executor_);
  Updater updater(forest.context());
  Published published(forest, *executor_, 0);
  const Table questions = Questions(random, data, 30);
  const auto answers = [&](const forest::View& view) {
    std::vector<double> result(questions.size() * 2);
    view.PredictBatch(questions.cells.data(), questions.size(), result.data(), *executor_);
    return result;
  };

  std::map<std::uint64_t, std::vector<double>> expected;
  std::vector<Published::Reading> readings;
  for (std::uint64_t sequence = 0; sequence < 600; ++sequence) {
    expected[sequence] = answers(*published.Read());
    if (sequence % 7 == 0) readings.push_back(published.Read());
    updater.Update(forest, records, {&slots[sequence], 1}, {});
    records.Remove(slots[sequence]);
    published.Publish(sequence + 1);
    if (readings.size() > 5) readings.erase(readings.begin() + static_cast<std::ptrdiff_t>(random() % readings.size()));
    for (const Published::Reading& reading : readings) {
      ASSERT_EQ(answers(*reading), expected[reading->sequence()]) << "sequence " << reading->sequence();
    }
  }
  EXPECT_GT(published.held_states(), 0U);
  readings.clear();
  published.Reclaim();
  EXPECT_EQ(published.held_states(), 0U);
}

// What a swap does: a subtree is exchanged for another object, changes outside of the tree, and comes back. Marks of
// that time must not be taken for the present.
TEST_F(PublishedTest, SubtreesThatLeaveAndComeBackAreFound) {
  std::mt19937_64 random(tests::Seed(45));
  const tests::Data data = tests::RandomData(random, {.records = 3'000, .features = 8, .classes = 2});
  forest::Parameters parameters;
  parameters.trees = 3;
  parameters.occupancy = 3;
  forest::Forest forest(forest::Resolve(parameters, 3'000, 2), data.schema);
  forest::Records records(8, parameters.seed);
  for (std::size_t i = 0; i < data.table.size(); ++i) {
    records.Insert(data.table.ids[i], data.table.labels[i], data.table.row(i));
  }
  forest.Grow(records, *executor_);
  Updater updater(forest.context());
  forest::Workspace workspace(forest.context());
  Published published(forest, *executor_, 0);
  const Table questions = Questions(random, data, 60);
  const auto check = [&](std::uint64_t sequence) {
    published.Publish(sequence);
    std::vector<double> found(questions.size() * 2), expected(questions.size() * 2);
    published.Read()->PredictBatch(questions.cells.data(), questions.size(), found.data(), *executor_);
    forest.PredictBatch(questions.cells.data(), questions.size(), expected.data(), *executor_);
    ASSERT_EQ(found, expected) << "step " << sequence;
  };

  for (std::uint64_t step = 0; step < 60; ++step) {
    forest::Tree& tree = forest.trees()[step % 3];
    // Some way down, to where a large node has a large child.
    forest::Node* node = tree.root.node();
    ASSERT_NE(node, nullptr);
    for (std::uint64_t turns = random() % 4; turns > 0; --turns) {
      forest::Subtree& next = random() % 2 == 0 ? node->left : node->right;
      if (next.node() == nullptr || next.node()->leaf()) break;
      node = next.node();
    }
    if (node->leaf()) continue;
    const bool right = random() % 2 == 0;
    forest::Subtree& child = right ? node->right : node->left;
    std::vector<forest::Slot> slots;
    forest::CollectSlots(child, slots);
    if (slots.size() < 20) continue;
    const forest::Place place = node->place().Child(right);
    // The other object has fewer records: a prediction must show which one it met.
    std::vector<forest::Slot> fewer(slots.begin(), slots.begin() + static_cast<std::ptrdiff_t>(slots.size() / 2));
    forest::Subtree other = forest::GrowSubtree(forest.context(), records, workspace, fewer, place);
    std::swap(child, other);
    forest::TouchPath(tree, *node);
    check(3 * step);
    if (step % 2 == 0) {
      // The one outside changes; its marks tell nothing of the tree.
      other = forest::GrowSubtree(forest.context(), records, workspace, slots, place);
    }
    std::swap(child, other);
    forest::TouchPath(tree, *node);
    check(3 * step + 1);
    // And an ordinary update goes on from there.
    const forest::Slot slot = slots[0];
    if (!records.Alive(slot)) continue;
    updater.Update(forest, records, {&slot, 1}, {});
    records.Remove(slot);
    check(3 * step + 2);
  }
}

// A stream of one in and one out. The trees stay about as large as they were; so must the layout.
TEST_F(PublishedTest, MemoryStaysWhatItIs) {
  std::mt19937_64 random(tests::Seed(44));
  const tests::Data data = tests::RandomData(random, {.records = 2'000, .features = 6, .classes = 3});
  forest::Parameters parameters;
  parameters.trees = 5;
  parameters.occupancy = 3;
  Model model = Train(parameters, data, data.table);
  const std::size_t at_first = model.LayoutBytes();
  ASSERT_GT(at_first, 0U);
  for (int round = 0; round < 4'000; ++round) {
    const std::size_t row = random() % data.table.size();
    ASSERT_TRUE(model.Forget({&data.table.ids[row], 1}).ok());
    ASSERT_TRUE(model.Learn(tests::One(data.table, row)).ok());
  }
  EXPECT_LT(model.LayoutBytes(), 2 * at_first);
  ASSERT_TRUE(AnswersLikeTheTrees(model, Questions(random, data, 30)));
}

}  // namespace
}  // namespace hedgerow::unlearn
