// Proves exactness on real data: a tenth of the records forgotten one by one, and by subject, gives the model grown
// without them; learned back, the first one; and so on down to the last record of a class and the last of all.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <random>

#include "datasets/table_reader.h"
#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::unlearn {
namespace {

using datasets::RecordId;
using datasets::Table;

class RealDataTest : public ::testing::TestWithParam<const char*> {
 protected:
  void Load(const datasets::DatasetFiles& files) {
    auto schema = datasets::LoadSchema(files.schema);
    ASSERT_TRUE(schema.ok()) << schema.error().ToString();
    schema_ = *schema;
    schema_.id = "id";  // which the files have and their schemas do not name; persons are known by these ids
    datasets::SubjectMap subjects;
    datasets::TableOptions options{.key = datasets::CategoryKeyFromSeed(1)};
    if (!files.persons.empty()) {
      auto map = datasets::ReadSubjects(files.persons);
      ASSERT_TRUE(map.ok()) << map.error().ToString();
      subjects = std::move(*map);
      options.subjects = &subjects;
    }
    auto table = datasets::ReadTable(files.train, schema_, options);
    ASSERT_TRUE(table.ok()) << table.error().ToString();
    table_ = std::move(*table);
    parameters_.trees = 40;
    parameters_.occupancy = 2;
  }

  bool EqualsRegrown(Model& model) {
    return model.Regrow(*executor_).Root(model.records(), *executor_) == model.Root(*executor_);
  }

  // The records to forget together: a subject's, or one.
  std::vector<std::vector<std::size_t>> Groups() const {
    std::map<std::string, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < table_.size(); ++i) {
      groups[table_.subjects.empty() ? std::to_string(table_.ids[i]) : table_.subjects[i]].push_back(i);
    }
    std::vector<std::vector<std::size_t>> result;
    for (auto& [name, rows] : groups) result.push_back(std::move(rows));
    return result;
  }

  std::vector<RecordId> Ids(const std::vector<std::size_t>& rows) const {
    std::vector<RecordId> ids;
    for (const std::size_t row : rows) ids.push_back(table_.ids[row]);
    return ids;
  }

  datasets::Schema schema_;
  Table table_;
  forest::Parameters parameters_;
  std::unique_ptr<forest::Executor> executor_ = forest::MakeThreadExecutor(2);
};

TEST_P(RealDataTest, ForgetsATenthAndLearnsItBack) {
  const auto files = tests::RealData(GetParam());
  HEDGEROW_NEEDS_DATA(files, GetParam());
  Load(*files);
  if (HasFatalFailure()) return;
  std::mt19937_64 random(tests::Seed(51));
  auto model = Model::Train(parameters_, schema_, table_, *executor_);
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  const forest::Digest first = model->Root(*executor_);

  std::vector<std::vector<std::size_t>> groups = Groups();
  std::shuffle(groups.begin(), groups.end(), random);
  std::vector<std::size_t> gone;
  for (const auto& rows : groups) {
    if (gone.size() >= table_.size() / 10) break;
    ASSERT_TRUE(model->Forget(Ids(rows)).ok());
    gone.insert(gone.end(), rows.begin(), rows.end());
  }
  ASSERT_NE(model->Root(*executor_), first);
  ASSERT_TRUE(EqualsRegrown(*model));

  for (std::size_t k = 0; k < gone.size(); k += 7) {
    const auto end = gone.begin() + static_cast<std::ptrdiff_t>(std::min(k + 7, gone.size()));
    ASSERT_TRUE(model->Learn(tests::Take(table_, {gone.begin() + static_cast<std::ptrdiff_t>(k), end})).ok());
  }
  ASSERT_EQ(model->Root(*executor_), first);
}

TEST_P(RealDataTest, DownToTheLastRecord) {
  const auto files = tests::RealData(GetParam());
  HEDGEROW_NEEDS_DATA(files, GetParam());
  Load(*files);
  if (HasFatalFailure()) return;
  std::mt19937_64 random(tests::Seed(52));
  // Class after class; most of each in one batch, the last ones one by one.
  std::vector<std::size_t> order(table_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), random);
  auto model = Model::Train(parameters_, schema_, table_, *executor_);
  ASSERT_TRUE(model.ok());
  for (datasets::ClassCode y = 0; y < schema_.classes.size(); ++y) {
    std::vector<std::size_t> rows;
    std::copy_if(order.begin(), order.end(), std::back_inserter(rows),
                 [&](std::size_t i) { return table_.labels[i] == y; });
    const std::size_t singles = std::min<std::size_t>(rows.size(), 40);
    const std::vector<std::size_t> batch(rows.begin() + static_cast<std::ptrdiff_t>(singles), rows.end());
    ASSERT_TRUE(model->Forget(Ids(batch)).ok());
    ASSERT_TRUE(EqualsRegrown(*model));
    for (std::size_t k = 0; k < singles; ++k) ASSERT_TRUE(model->Forget({&table_.ids[rows[k]], 1}).ok());
    ASSERT_TRUE(EqualsRegrown(*model)) << "without class " << static_cast<int>(y);
  }
  ASSERT_EQ(model->records().size(), 0U);
  std::vector<double> probabilities(schema_.classes.size());
  model->forest().Predict(table_.row(0).data(), probabilities.data());
  for (const double p : probabilities) EXPECT_DOUBLE_EQ(p, 1.0 / static_cast<double>(schema_.classes.size()));
}

INSTANTIATE_TEST_SUITE_P(All, RealDataTest, ::testing::Values("adult", "bank", "diabetes130", "letter"),
                         [](const auto& which) { return std::string(which.param); });

}  // namespace
}  // namespace hedgerow::unlearn
