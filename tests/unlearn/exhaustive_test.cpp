// Proves on all tiny data sets that forgetting in every order gives, after every step, the model that the reference
// grows from the records that are left; and that learning them back in any order gives the first one again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::unlearn {
namespace {

using datasets::Cell;
using datasets::RecordId;

constexpr std::size_t kMaxRows = 5;

// One value a record and feature: missing, 0 or 1.
constexpr Cell kValues[] = {datasets::kMissing, 0, 1};

datasets::Schema TinySchema(std::size_t features, bool categorical) {
  datasets::Schema schema;
  for (std::size_t a = 0; a < features; ++a) {
    const bool first = categorical == (a == 0);
    schema.features.push_back(
        {fmt::format("f{}", a), first ? datasets::FeatureType::kCategorical : datasets::FeatureType::kNumeric});
  }
  schema.label = "label";
  schema.classes = {"a", "b"};
  return schema;
}

// The data set with this number: in base (2 * 3^features), a digit a record.
datasets::Table TinyTable(std::size_t number, std::size_t rows, std::size_t features) {
  datasets::Table table;
  table.width = features;
  for (std::size_t i = 0; i < rows; ++i) {
    table.ids.push_back(i + 1);
    table.labels.push_back(static_cast<datasets::ClassCode>(number % 2));
    number /= 2;
    for (std::size_t a = 0; a < features; ++a) {
      table.cells.push_back(kValues[number % 3]);
      number /= 3;
    }
  }
  return table;
}

class Exhaustive {
 public:
  Exhaustive(std::size_t features, bool categorical) : schema_(TinySchema(features, categorical)) {
    parameters_.trees = 2;
    parameters_.occupancy = 1;
    parameters_.min_split = 2;
    parameters_.thresholds = 2;
  }

  // Forgets in every order, down to nothing.
  void EveryOrder(const datasets::Table& table) {
    roots_.clear();
    std::vector<std::size_t> order(table.size());
    std::iota(order.begin(), order.end(), 0U);
    do {
      OneOrder(table, order);
    } while (!::testing::Test::HasFailure() && std::next_permutation(order.begin(), order.end()));
  }

 private:
  void OneOrder(const datasets::Table& table, const std::vector<std::size_t>& order) {
    auto model = Model::Train(parameters_, schema_, table, *executor_);
    unsigned left = (1U << table.size()) - 1;
    ASSERT_EQ(Root(*model), Expected(table, left));
    for (const std::size_t i : order) {
      left &= ~(1U << i);
      ASSERT_TRUE(model->Forget({&table.ids[i], 1}).ok());
      ASSERT_EQ(Root(*model), Expected(table, left));
    }
    for (const std::size_t i : order) {
      left |= 1U << i;
      ASSERT_TRUE(model->Learn(tests::One(table, i)).ok());
      ASSERT_EQ(Root(*model), Expected(table, left));
    }
  }

  std::string Root(Model& model) { return model.Root(*executor_).ToHex(); }

  const std::string& Expected(const datasets::Table& table, unsigned left) {
    auto [it, is_new] = roots_.emplace(left, "");
    if (is_new) {
      std::vector<std::size_t> rows;
      for (std::size_t i = 0; i < table.size(); ++i) {
        if ((left >> i & 1) != 0) rows.push_back(i);
      }
      it->second = tests::GrowReference(parameters_, schema_, tests::Take(table, rows)).Root();
    }
    return it->second;
  }

  datasets::Schema schema_;
  forest::Parameters parameters_;
  std::unique_ptr<forest::Executor> executor_ = forest::MakeSerialExecutor();
  std::map<unsigned, std::string> roots_;
};

void AllDataSets(std::size_t rows, std::size_t features, bool categorical, std::size_t stride) {
  Exhaustive exhaustive(features, categorical);
  std::size_t count = 1;
  for (std::size_t i = 0; i < rows * features; ++i) count *= 3;
  count <<= rows;
  for (std::size_t number = 0; number < count && !::testing::Test::HasFailure(); number += stride) {
    SCOPED_TRACE(::testing::Message() << rows << " rows, data set " << number);
    exhaustive.EveryOrder(TinyTable(number, rows, features));
  }
}

TEST(ExhaustiveTest, OneFeature) {
  for (std::size_t rows = 0; rows <= 4; ++rows) {
    AllDataSets(rows, 1, false, 1);
    AllDataSets(rows, 1, true, 1);
  }
}

TEST(ExhaustiveTest, TwoFeatures) {
  for (std::size_t rows = 0; rows <= 3; ++rows) AllDataSets(rows, 2, false, 1);
}

// Four and five rows with two features are too many to take them all: every so many of them, coprime to the
// digits' base, so that all digits occur in all places.
TEST(ExhaustiveTest, MoreRowsSampled) {
  AllDataSets(4, 2, true, 29);
  AllDataSets(kMaxRows, 1, false, 1);
  AllDataSets(kMaxRows, 2, true, 5'003);
}

}  // namespace
}  // namespace hedgerow::unlearn
