// Compares the robustness of splits on real data with what a search finds that knows all the node's records: the
// search may find too much, never too little, so the certificate must not promise more, and is not to promise much
// less.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "datasets/table_reader.h"
#include "forest/statistics.h"
#include "tests/support/data.h"
#include "tests/unlearn/joint.h"
#include "unlearn/certificate.h"
#include "unlearn/model.h"
#include "unlearn/robustness.h"

namespace hedgerow::unlearn {
namespace {

using forest::Node;
using forest::Slot;

Joint JointOf(const Model& model, const Node& node, const std::vector<Slot>& slots, std::uint32_t challenger) {
  const forest::Split other =
      forest::EffectiveSplit(model.forest().context(), model.records(), node, challenger);
  Joint joint(node.statistics.classes());
  for (const Slot slot : slots) {
    const datasets::Cell* row = model.records().row(slot);
    const std::size_t right = node.split.Left(row[node.split.attribute]) ? 0 : 2;
    const std::size_t other_right = other.Left(row[other.attribute]) ? 0 : 1;
    ++joint.cells[std::size_t{4} * model.records().label(slot) + right + other_right];
  }
  return joint;
}

// The fewest removals that the search finds any challenger to be held off for, if that is less than `limit`.
std::uint64_t Searched(const Model& model, const Node& node, const forest::Choice& choice, std::uint64_t limit) {
  std::vector<Slot> slots;
  forest::CollectSlots(node.left, slots);
  forest::CollectSlots(node.right, slots);
  for (std::uint32_t c = 0; c < choice.scores.size(); ++c) {
    if (choice.scores[c] < 0) continue;
    if (SurvivedChanges(choice.score, choice.scores[c], node.records, node.statistics.classes()) >= limit) continue;
    const Joint joint = JointOf(model, node, slots, c);
    limit = std::min(limit, GreedyRemovals(joint, limit).value_or(limit));
    limit = std::min(limit, StraightRemovals(joint, limit).value_or(limit));
  }
  return limit;
}

class RobustDataTest : public ::testing::TestWithParam<const char*> {};

TEST_P(RobustDataTest, IsCloseToASearchThatKnowsTheRecords) {
  const auto files = tests::RealData(GetParam());
  HEDGEROW_NEEDS_DATA(files, GetParam());
  auto schema = datasets::LoadSchema(files->schema);
  ASSERT_TRUE(schema.ok()) << schema.error().ToString();
  schema->id = "id";
  const auto table = datasets::ReadTable(files->train, *schema, {.key = datasets::CategoryKeyFromSeed(1)});
  ASSERT_TRUE(table.ok()) << table.error().ToString();
  const auto executor = forest::MakeSerialExecutor();
  const auto model = Model::Train({.trees = 60, .occupancy = 6}, *schema, *table, *executor);
  ASSERT_TRUE(model.ok()) << model.error().ToString();

  const forest::Context& context = model->forest().context();
  Tightness simple, tight;
  const std::size_t trees = context.classes > 5 ? 3 : 10;  // with many classes the search takes its time
  for (std::size_t t = 0; t < trees; ++t) {
    forest::ForEachNode(model->forest().trees()[t].root, [&](const Node& node) {
      if (node.leaf()) return;
      const forest::Choice choice = forest::ChooseChampion(context, node);
      const std::uint64_t limit = std::min(choice.lefts, node.records - choice.lefts) - context.parameters.min_leaf;
      const std::uint64_t certified = RobustnessOf(context, node, choice).removals;
      const std::uint64_t half =
          SurvivedChanges(choice.score, std::max(choice.challenger_score, 0.0), node.records, context.classes);
      const std::uint64_t searched = Searched(*model, node, choice, limit);
      ASSERT_LE(certified, searched);
      tight.Add(searched, certified);
      simple.Add(searched, std::min(limit, half));
    });
    ASSERT_FALSE(HasFatalFailure());
  }
  simple.Print(std::string(GetParam()) + ", half the lead");
  tight.Print(std::string(GetParam()) + ", certificate");
  EXPECT_LE(tight.Ratio(), 1.3) << "the certificate does not know which records two attributes divide alike";
  EXPECT_LE(tight.FirstRatio(), 1.2);
}

INSTANTIATE_TEST_SUITE_P(Sets, RobustDataTest, ::testing::Values("adult", "bank", "diabetes130", "letter"));

}  // namespace
}  // namespace hedgerow::unlearn
