// A program with the engine inside: trains on records that it makes up, predicts, forgets a person, and checks.
//     embedded DIRECTORY      (of the new store)
#include <cstdio>
#include <utility>
#include <vector>

#include "forest/executor.h"
#include "storage/store.h"
#include "unlearn/model.h"

using namespace hedgerow;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  datasets::Schema schema;
  schema.name = "example";
  schema.features = {{"age", datasets::FeatureType::kNumeric}, {"region", datasets::FeatureType::kCategorical}};
  schema.label = "label";
  schema.classes = {"no", "yes"};
  const forest::Parameters parameters{.seed = 7, .trees = 20};
  const datasets::CategoryKey key = datasets::CategoryKeyFromSeed(parameters.seed);

  datasets::Table table;
  table.width = schema.features.size();
  for (datasets::RecordId id = 1; id <= 1'000; ++id) {
    const auto age = static_cast<float>(18 + id * 37 % 60);
    table.ids.push_back(id);
    table.labels.push_back(age > 40 ? 1 : 0);
    table.subjects.push_back("person " + std::to_string(id / 3));
    table.cells.push_back(datasets::NumericCell(age));
    table.cells.push_back(datasets::CategoryCell(key, id % 2 == 0 ? "north" : "south"));
  }

  const auto executor = forest::MakeTbbExecutor(0);
  auto model = unlearn::Model::Train(parameters, schema, table, *executor);
  if (!model) return std::fprintf(stderr, "%s\n", model.error().ToString().c_str()), 1;
  auto store = storage::Store::Create(argv[1], std::move(*model), table, *executor);
  if (!store) return std::fprintf(stderr, "%s\n", store.error().ToString().c_str()), 1;

  std::vector<double> p(schema.classes.size());
  (*store)->Predict(table.row(0).data(), 1, p.data(), *executor);
  std::printf("P(yes) = %.3f\n", p[1]);
  const auto outcome = (*store)->Forget({.subjects = {"person 12"}});
  if (!outcome) return std::fprintf(stderr, "%s\n", outcome.error().ToString().c_str()), 1;
  const Status erased = (*store)->Await(outcome->sequence, storage::Stage::kErased);
  const storage::Comparison comparison = (*store)->Compare(*executor);
  std::printf("forgot %zu records; %s, %s\n", outcome->records.size(), erased ? "erased" : "not erased",
              comparison.root == comparison.regrown_root ? "exact" : "NOT EXACT");
  return erased && comparison.root == comparison.regrown_root ? 0 : 1;
}
