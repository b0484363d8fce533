// Proves the conversion of randhie.csv: nothing is lost, persons are runs of rows with the same traits and stay on one
// side of the split, labels follow from the visits, and another file is refused. Files are made up.
#include "datasets/randhie.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>

#include "datasets/schema.h"
#include "datasets/table_reader.h"
#include "tests/datasets/scratch.h"

namespace hedgerow::datasets {
namespace {

constexpr const char* kHeader = "mdvis,lncoins,idp,lpi,fmde,physlm,disea,hlthg,hlthf,hlthp\n";

// `persons` with one to five years each.
std::string MadeUp(int persons) {
  std::string text = kHeader;
  for (int person = 0; person < persons; ++person) {
    for (int year = 0; year <= person % 5; ++year) {
      text += fmt::format("{},{}.5,{},{},0,0.1,{},1,0,0\n", (person + year) % 3, person % 7, person % 2, year, person);
    }
  }
  return text;
}

class RandHieTest : public ::testing::Test {
 protected:
  Status Convert(const std::string& text) {
    return ConvertRandHie(scratch_.Write("randhie.csv", text), scratch_.folder());
  }
  Table Read(const std::string& part) {
    const auto schema = LoadSchema(scratch_.Path("rand_visits.schema.json"));
    EXPECT_TRUE(schema.ok()) << schema.error().ToString();
    auto table = ReadTable(scratch_.Path("rand_visits-" + part + ".csv"), *schema, {});
    EXPECT_TRUE(table.ok()) << table.error().ToString();
    return std::move(*table);
  }

  Scratch scratch_;
};

TEST_F(RandHieTest, KeepsEveryRecordAndSplitsByPerson) {
  ASSERT_TRUE(Convert(MadeUp(1000)).ok());
  const Table train = Read("train"), test = Read("test");
  EXPECT_EQ(train.size() + test.size(), 3000U);
  EXPECT_NEAR(static_cast<double>(test.size()), 600, 150);
  std::set<RecordId> ids;
  std::map<std::string, int> sides;
  for (const Table* table : {&train, &test}) {
    ids.insert(table->ids.begin(), table->ids.end());
    for (const std::string& subject : table->subjects) sides[subject] |= table == &train ? 1 : 2;
  }
  EXPECT_EQ(ids.size(), 3000U);
  EXPECT_EQ(*ids.begin(), 1U);
  EXPECT_EQ(*ids.rbegin(), 3000U);
  EXPECT_EQ(sides.size(), 1000U);
  for (const auto& [subject, side] : sides) EXPECT_NE(side, 3) << subject << " is on both sides";
}

TEST_F(RandHieTest, LabelsByVisitsAndLeavesThemOut) {
  ASSERT_TRUE(
      Convert(std::string(kHeader) + "0,1,2,3,4,5,6,7,8,9\n0.5,1,2,3,4,5,6,7,8,9\n77,1,2,3,4,5,6,7,8,9\n").ok());
  const auto schema = LoadSchema(scratch_.Path("rand_visits.schema.json"));
  ASSERT_TRUE(schema.ok());
  EXPECT_EQ(schema->features.size(), 9U);
  for (const Feature& feature : schema->features) EXPECT_NE(feature.name, "mdvis");
  const std::string all = scratch_.Read("rand_visits-train.csv") + scratch_.Read("rand_visits-test.csv");
  for (const char* row : {"1,person-1,1,2,3,4,5,6,7,8,9,none\n", "2,person-1,1,2,3,4,5,6,7,8,9,visit\n",
                          "3,person-1,1,2,3,4,5,6,7,8,9,visit\n"}) {
    EXPECT_NE(all.find(row), std::string::npos) << row << all;
  }
}

TEST_F(RandHieTest, RefusesAnotherFileAndLeavesNothingBehind) {
  const std::string path = scratch_.Path("randhie.csv");
  ExpectError(Convert("a,b\n1,2\n").error(), ErrorCode::kBadInput, "a column is missing", path + ":1:1");
  for (const char* visits : {"", "s3cr3t", "-1", "nan"}) {
    const std::string text = MadeUp(3) + visits + ",1,2,3,4,5,6,7,8,9\n";
    ExpectError(Convert(text).error(), ErrorCode::kBadInput, "a number of visits that is none", path + ":8:1");
  }
  EXPECT_FALSE(Convert(MadeUp(3) + "1,2\n").ok());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch_.folder()), {}), 1) << "the source alone";
  const std::string absent = scratch_.Path("absent");
  scratch_.Write("randhie.csv", MadeUp(3));
  EXPECT_EQ(ConvertRandHie(path, absent).error().code, ErrorCode::kIo);
  EXPECT_EQ(ConvertRandHie(absent, scratch_.folder()).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace hedgerow::datasets
