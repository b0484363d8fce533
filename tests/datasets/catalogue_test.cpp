// Proves that the catalogue is complete in itself, that files are located by their names, and, where the real data sets
// are there, that each of them reads with its schema and has the size that the catalogue tells.
#include "datasets/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "datasets/table_reader.h"
#include "tests/datasets/scratch.h"
#include "tests/support/data.h"

namespace hedgerow::datasets {
namespace {

TEST(Catalogue, NamesOriginAndLicenceOfEach) {
  std::set<std::string_view> names;
  for (const CatalogueEntry& entry : Catalogue()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    for (const std::string_view text : {entry.name, entry.title, entry.origin, entry.licence, entry.task}) {
      EXPECT_FALSE(text.empty()) << entry.name;
    }
    EXPECT_EQ(FindInCatalogue(entry.name), &entry);
  }
  EXPECT_EQ(FindInCatalogue("no such set"), nullptr);
  EXPECT_EQ(FindInCatalogue(""), nullptr);
}

TEST(Catalogue, LocatesFilesByTheirNames) {
  const Scratch scratch;
  EXPECT_FALSE(LocateDataset(scratch.folder(), "x"));
  scratch.Write("x-train.csv", "");
  scratch.Write("x-test.csv", "");
  EXPECT_FALSE(LocateDataset(scratch.folder(), "x")) << "the schema is missing";
  scratch.Write("x.schema.json", "");
  auto files = LocateDataset(scratch.folder(), "x");
  ASSERT_TRUE(files);
  EXPECT_EQ(files->train, scratch.Path("x-train.csv"));
  EXPECT_EQ(files->test, scratch.Path("x-test.csv"));
  EXPECT_EQ(files->schema, scratch.Path("x.schema.json"));
  EXPECT_EQ(files->persons, "");
  scratch.Write("x-persons.csv", "");
  EXPECT_EQ(LocateDataset(scratch.folder(), "x")->persons, scratch.Path("x-persons.csv"));
  EXPECT_FALSE(LocateDataset(scratch.Path("absent"), "x"));
}

class CatalogueRealDataTest : public ::testing::TestWithParam<std::string> {};

TEST_P(CatalogueRealDataTest, ReadsWithItsSchema) {
  const auto files = tests::RealData(GetParam());
  HEDGEROW_NEEDS_DATA(files, GetParam());
  const auto schema = LoadSchema(files->schema);
  ASSERT_TRUE(schema.ok()) << schema.error().ToString();
  std::size_t records = 0;
  std::set<ClassCode> classes;
  for (const std::string& path : {files->train, files->test}) {
    const auto table = ReadTable(path, *schema, {});
    ASSERT_TRUE(table.ok()) << table.error().ToString();
    records += table->size();
    classes.insert(table->labels.begin(), table->labels.end());
  }
  EXPECT_EQ(classes.size(), schema->classes.size());
  // "48,842 persons, 14 features ...": the task begins with the number of records and tells that of the features.
  std::string task(FindInCatalogue(GetParam())->task);
  task.erase(std::remove(task.begin(), task.end(), ','), task.end());
  EXPECT_EQ(std::stoul(task), records);
  EXPECT_NE(task.find(fmt::format(" {} ", schema->features.size())), std::string::npos) << task;
  EXPECT_NE(task.find(fmt::format(" {} classes", schema->classes.size())), std::string::npos) << task;
  if (!files->persons.empty()) {
    const auto subjects = ReadSubjects(files->persons);
    ASSERT_TRUE(subjects.ok()) << subjects.error().ToString();
    EXPECT_GE(subjects->size(), records);
  }
}

INSTANTIATE_TEST_SUITE_P(All, CatalogueRealDataTest,
                         ::testing::Values("adult", "bank", "diabetes130", "letter", "shopping", "rand_visits"),
                         [](const auto& which) { return which.param; });

}  // namespace
}  // namespace hedgerow::datasets
