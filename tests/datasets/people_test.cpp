// Proves that synthetic people are a function of (seed, number): in any pieces, as cells or by way of a CSV file; and
// that they have the shapes that they are made for (ties, tails, missing values, persons with several records,
// classes).
#include "datasets/people.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "datasets/table_reader.h"
#include "tests/datasets/scratch.h"

namespace hedgerow::datasets {
namespace {

Table Make(const PeopleOptions& options, std::uint64_t first, std::uint64_t count) {
  Table table;
  MakePeople(options, CategoryKeyFromSeed(3), first, count, table);
  return table;
}

void ExpectSame(const Table& a, const Table& b) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.ids, b.ids);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.subjects, b.subjects);
  EXPECT_EQ(a.cells, b.cells);
}

TEST(People, AreTheSameInAnyPieces) {
  const PeopleOptions options{.features = 17, .classes = 3, .seed = 9};
  const Table whole = Make(options, 0, 1000);
  Table pieces;
  for (std::uint64_t first = 0; first < 1000;) {
    const std::uint64_t count = std::min<std::uint64_t>(1 + first % 97, 1000 - first);
    MakePeople(options, CategoryKeyFromSeed(3), first, count, pieces);
    first += count;
  }
  ExpectSame(pieces, whole);
  ExpectSame(Make(options, 0, 0), Table{17, {}, {}, {}, {}});
}

TEST(People, AreFoundFarOut) {
  const std::uint64_t far = 1ULL << 60;
  const Table table = Make({}, far, 3);
  EXPECT_EQ(table.ids, (std::vector<RecordId>{far + 1, far + 2, far + 3}));
  ExpectSame(Make({}, far, 3), table);
}

TEST(People, ReadBackFromAFileAsTheSameCells) {
  const Scratch scratch;
  for (const PeopleOptions& options : {PeopleOptions{.records = 3000, .features = 14, .classes = 2, .seed = 1},
                                       PeopleOptions{.records = 500, .features = 40, .classes = 26, .seed = 77},
                                       PeopleOptions{.records = 1, .features = 12, .classes = 256, .seed = 0}}) {
    const std::string path = scratch.Path("people.csv");
    ASSERT_TRUE(WritePeople(options, path).ok());
    const auto table = ReadTable(path, PeopleSchema(options), {.key = CategoryKeyFromSeed(3)});
    ASSERT_TRUE(table.ok()) << table.error().ToString();
    ExpectSame(*table, Make(options, 0, options.records));
  }
}

TEST(People, SaysThatItCannotWrite) {
  const Scratch scratch;
  const std::string path = scratch.Path("absent/people.csv");
  ExpectError(WritePeople({}, path).error(), ErrorCode::kIo, "No such file", path);
}

TEST(People, HaveAValidSchema) {
  for (const std::uint32_t features : {12U, 14U, 100U, static_cast<std::uint32_t>(kMaxFeatures)}) {
    const Schema schema = PeopleSchema({.features = features, .classes = 5});
    EXPECT_EQ(schema.features.size(), features);
    EXPECT_EQ(schema.classes.size(), 5U);
    const auto again = ParseSchema(ToJson(schema), "s.json");
    ASSERT_TRUE(again.ok()) << again.error().ToString();
    EXPECT_EQ(*again, schema);
  }
}

TEST(People, DependOnTheSeed) {
  const Table one = Make({.seed = 1}, 0, 200), two = Make({.seed = 2}, 0, 200);
  std::size_t same = 0;
  for (std::size_t i = 0; i < one.cells.size(); ++i) same += one.cells[i] == two.cells[i] ? 1 : 0;
  EXPECT_LT(same, one.cells.size() / 3) << "only ties and constants agree";
  EXPECT_NE(one.labels, two.labels);
}

TEST(People, ComeSeveralTimesAndStayWhoTheyAre) {
  const Table table = Make({}, 0, 20'000);
  std::map<std::string, std::vector<std::size_t>> persons;
  for (std::size_t i = 0; i < table.size(); ++i) persons[table.subjects[i]].push_back(i);
  const double mean = static_cast<double>(table.size()) / static_cast<double>(persons.size());
  EXPECT_GT(mean, 3);
  EXPECT_LT(mean, 5);
  std::size_t most = 0;
  for (const auto& [name, rows] : persons) {
    most = std::max(most, rows.size());
    ASSERT_LE(rows.size(), 40U) << name;
    ASSERT_EQ(rows.back() - rows.front() + 1, rows.size()) << name << " comes in one run";
    for (const std::size_t column : {0U, 8U, 9U}) {  // age, region, postcode
      for (const std::size_t i : rows) ASSERT_EQ(table.row(i)[column], table.row(rows[0])[column]) << name;
    }
  }
  EXPECT_GT(most, 20U);
}

// A column's distinct cells, the share of missing ones, and the extremes.
struct ColumnFacts {
  std::set<Cell> distinct;
  double missing = 0, least = 0, most = 0;
};

ColumnFacts Facts(const Table& table, std::size_t column) {
  ColumnFacts facts;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Cell cell = table.row(i)[column];
    if (cell == kMissing) {
      facts.missing += 1 / static_cast<double>(table.size());
      continue;
    }
    facts.distinct.insert(cell);
  }
  if (facts.distinct.empty()) return facts;
  facts.least = static_cast<double>(NumericValue(*facts.distinct.begin()));
  facts.most = static_cast<double>(NumericValue(*facts.distinct.rbegin()));
  return facts;
}

TEST(People, HaveTheShapesThatBreakLearners) {
  const Table table = Make({}, 0, 20'000);
  EXPECT_LE(Facts(table, 0).distinct.size(), 70U) << "ages are tied";
  EXPECT_GT(Facts(table, 1).most, 20'000) << "incomes have a heavy tail";
  EXPECT_LT(Facts(table, 2).least, 0) << "balances are signed";
  EXPECT_LE(Facts(table, 3).distinct.size(), 20U) << "visits are small counts";
  EXPECT_EQ(Facts(table, 6).distinct.size(), 1U) << "the planet is constant";
  EXPECT_GT(Facts(table, 7).distinct.size(), 19'000U) << "moments are all different";
  EXPECT_EQ(Facts(table, 8).distinct.size(), 20U);
  EXPECT_GT(Facts(table, 9).distinct.size(), 2'000U) << "postcodes are many";
  EXPECT_LE(Facts(table, 10).distinct.size(), 50U);
  EXPECT_GE(Facts(table, 10).distinct.size(), 40U) << "the last ones are rare";
  EXPECT_EQ(Facts(table, 11).distinct.size(), 5U);
  for (std::size_t column = 0; column < table.width; ++column) {
    const bool gaps = column == 1 || column == 4 || column == 10;
    EXPECT_NEAR(Facts(table, column).missing, gaps ? 1.0 / 7 : 0.0, 0.01) << column;
  }
}

TEST(People, HaveClassesThatAllOccurAndAreAlikeInSize) {
  for (const std::uint32_t classes : {2U, 3U, 10U, 256U}) {
    const Table table = Make({.classes = classes}, 0, 50'000);
    std::vector<double> counts(classes, 0);
    for (const ClassCode label : table.labels) {
      ASSERT_LT(label, classes);
      ++counts[label];
    }
    const double equal = 50'000.0 / classes;
    EXPECT_GT(*std::min_element(counts.begin(), counts.end()), equal / 4) << classes;
    EXPECT_LT(*std::max_element(counts.begin(), counts.end()), equal * 3) << classes;
  }
}

// The label's cause is in the data: people with a high score are mostly of the upper class.
TEST(People, CanBeLearnedFrom) {
  const Table table = Make({}, 0, 20'000);
  double upper[2] = {0, 0}, all[2] = {0, 0};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const int high = NumericValue(table.row(i)[5]) > 0 ? 1 : 0;
    ++all[high];
    upper[high] += table.labels[i];
  }
  EXPECT_GT(upper[1] / all[1], upper[0] / all[0] + 0.3);
}

}  // namespace
}  // namespace hedgerow::datasets
