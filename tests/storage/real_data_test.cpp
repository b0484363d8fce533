// Proves on real data that a store forgets persons one by one, over many openings, to the model that is trained without
// them, and learns them back to the first one.
#include <algorithm>
#include <set>

#include "datasets/table_reader.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

using StoreRealDataTest = StoreTest;

TEST_F(StoreRealDataTest, ForgetsPatientsAndLearnsThemBack) {
  const auto files = tests::RealData("diabetes130");
  HEDGEROW_NEEDS_DATA(files, "diabetes130");
  auto schema = datasets::LoadSchema(files->schema);
  ASSERT_TRUE(schema.ok()) << schema.error().ToString();
  schema->id = "id";  // which the file has and its schema does not name; persons are known by these ids
  const auto subjects = datasets::ReadSubjects(files->persons);
  ASSERT_TRUE(subjects.ok()) << subjects.error().ToString();
  const auto table =
      datasets::ReadTable(files->train, *schema, {.key = datasets::CategoryKeyFromSeed(5), .subjects = &*subjects});
  ASSERT_TRUE(table.ok()) << table.error().ToString();
  StorePointer store = Create({*schema, *table}, {.seed = 5, .trees = 10, .occupancy = 1});
  const forest::Digest first = store->Root();
  ASSERT_EQ(store->subjects(), table->size());

  std::mt19937_64 random(tests::Seed(85));
  std::set<std::string> persons;
  while (persons.size() < 40) persons.insert(table->subjects[random() % table->size()]);
  std::vector<std::size_t> gone;
  for (std::size_t i = 0; i < table->size(); ++i) {
    if (persons.contains(table->subjects[i])) gone.push_back(i);
  }
  std::size_t forgotten = 0;
  for (const std::string& person : persons) {
    const auto outcome = store->Forget({.subjects = {person}});
    ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
    forgotten += outcome->records.size();
    if (forgotten % 10 == 0) Reopen(store);
  }
  EXPECT_EQ(forgotten, gone.size());
  Reopen(store);
  const Table back = tests::Take(*table, gone);
  EXPECT_TRUE(EqualsTrained(*store, Without(*table, back.ids)));
  ASSERT_TRUE(store->Learn(back).ok());
  Reopen(store);
  EXPECT_EQ(store->Root(), first);
  EXPECT_EQ(store->subjects(), table->size());
}

}  // namespace
}  // namespace hedgerow::storage
