// Proves how fields become cells, labels, ids and subjects; that every bad field is refused with line and column,
// without quoting it; and that a failed read leaves whole records only.
#include "datasets/table_reader.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/datasets/scratch.h"

namespace hedgerow::datasets {
namespace {

const Schema kSchema{
    "n", {{"num", FeatureType::kNumeric}, {"cat", FeatureType::kCategorical}}, "y", {"no", "yes"}, "id", "who"};

Result<TableReader> Make(const std::string& text, TableOptions options = {}, const Schema& schema = kSchema) {
  auto csv = CsvReader::FromText(text, "t.csv");
  if (!csv) return csv.error();
  return TableReader::Make(std::move(*csv), schema, options);
}

Table Parse(const std::string& text, TableOptions options = {}, const Schema& schema = kSchema) {
  auto reader = Make(text, options, schema);
  Table table;
  if (!reader) {
    ADD_FAILURE() << reader.error().ToString();
    return table;
  }
  const auto count = reader->Read(table, 1'000'000);
  EXPECT_TRUE(count.ok()) << count.error().ToString();
  EXPECT_EQ(count.ok() ? *count : 0, table.size());
  return table;
}

Error ErrorOf(const std::string& text, TableOptions options = {}, const Schema& schema = kSchema) {
  auto reader = Make(text, options, schema);
  if (!reader) return reader.error();
  Table table;
  const auto count = reader->Read(table, 1'000'000);
  return count.ok() ? Error{ErrorCode::kUsage, "no error", "", ""} : count.error();
}

TEST(TableReader, EncodesEveryKindOfField) {
  const CategoryKey key = CategoryKeyFromSeed(5);
  const Table table = Parse(
      "id,who,num,cat,y\n"
      "7,ann,1.5,red,yes\n"
      "18446744073709551615,,,,no\n"
      "0,bob, -3 ,\" red\",no\n",
      {.key = key});
  EXPECT_EQ(table.width, 2U);
  EXPECT_EQ(table.ids, (std::vector<RecordId>{7, std::numeric_limits<std::uint64_t>::max(), 0}));
  EXPECT_EQ(table.labels, (std::vector<ClassCode>{1, 0, 0}));
  EXPECT_EQ(table.subjects, (std::vector<std::string>{"ann", "", "bob"}));
  EXPECT_EQ(table.cells, (std::vector<Cell>{NumericCell(1.5F), CategoryCell(key, "red"), kMissing, kMissing,
                                            NumericCell(-3), CategoryCell(key, " red")}));
  EXPECT_NE(table.cells[1], table.cells[5]) << "blanks belong to a category";
}

TEST(TableReader, FindsColumnsByNameInAnyOrder) {
  const Table table = Parse("y,extra,cat,id,num\nyes,?,red,3,4\n");
  EXPECT_EQ(table.ids, std::vector<RecordId>{3});
  EXPECT_EQ(table.labels, std::vector<ClassCode>{1});
  EXPECT_EQ(NumericValue(table.row(0)[0]), 4.0F);
  EXPECT_EQ(table.row(0)[1], CategoryCell({}, "red"));
  EXPECT_TRUE(table.subjects.empty()) << "a subject column may be absent";
}

TEST(TableReader, CategoriesMayLookLikeNumbers) {
  const Table table = Parse("num,cat,y\n1,1,no\n1,1.0,no\n");
  EXPECT_NE(table.row(0)[1], table.row(1)[1]);
}

TEST(TableReader, NumbersRecordsThatHaveNoIds) {
  EXPECT_EQ(Parse("num,cat,y\n1,a,no\n\n2,b,yes\n").ids, (std::vector<RecordId>{1, 2}));
  Schema without = kSchema;
  without.id.clear();
  EXPECT_EQ(Parse("id,num,cat,y\n9,1,a,no\n", {}, without).ids, std::vector<RecordId>{1}) << "the schema decides";
  ExpectError(ErrorOf("num,cat,y\n1,a,no\n", {.key = {}, .number_records = false}), ErrorCode::kBadInput,
              "'id' for the record ids", "t.csv:1:1");
  ExpectError(ErrorOf("num,cat,y\n1,a,no\n", {.key = {}, .number_records = false}, without), ErrorCode::kBadInput,
              "names no column with record ids", "t.csv:1:1");
}

TEST(TableReader, DoesWithoutLabelsWhereTheyAreNotWanted) {
  const Table table = Parse("id,num,cat\n1,2,a\n", {.key = {}, .with_labels = false});
  EXPECT_TRUE(table.labels.empty());
  EXPECT_EQ(table.size(), 1U);
  EXPECT_TRUE(Parse("id,num,cat,y\n1,2,a,no such class\n", {.key = {}, .with_labels = false}).labels.empty());
}

TEST(TableReader, TakesSubjectsFromAMap) {
  const SubjectMap subjects{{1, "ann"}, {3, "bob"}};
  EXPECT_EQ(
      Parse("id,who,num,cat,y\n1,x,1,a,no\n2,x,1,a,no\n3,x,1,a,no\n", {.key = {}, .subjects = &subjects}).subjects,
      (std::vector<std::string>{"ann", "", "bob"}));
}

struct BadCase {
  std::string text, message, place;
};

TEST(TableReader, RefusesBadFieldsAndSaysWhere) {
  const std::string head = "id,who,num,cat,y\n1,a,1,a,no\n";
  const BadCase cases[] = {
      {head + "2,a,s3cr3t,a,no\n", "numeric feature 'num' holds something that is no finite number", "t.csv:3:3"},
      {head + "2,a,nan,a,no\n", "no finite number", "t.csv:3:3"},
      {head + "2,a,1e39,a,no\n", "no finite number", "t.csv:3:3"},
      {head + "2,a,\" \",a,no\n", "no finite number", "t.csv:3:3"},
      {head + "\n2,\"a\nb\",s3cr3t,a,no\n", "no finite number", "t.csv:4:3"},
      {head + "2,a,1,a,s3cr3t\n", "not a class of the schema", "t.csv:3:5"},
      {head + "2,a,1,a,\n", "the label is missing", "t.csv:3:5"},
      {head + "2,a,1,a,No\n", "not a class", "t.csv:3:5"},
      {head + "2,a,1,a,\" no\"\n", "not a class", "t.csv:3:5"},
      {head + "s3cr3t,a,1,a,no\n", "no whole number", "t.csv:3:1"},
      {head + ",a,1,a,no\n", "no whole number", "t.csv:3:1"},
      {head + "-1,a,1,a,no\n", "no whole number", "t.csv:3:1"},
      {head + "1.0,a,1,a,no\n", "no whole number", "t.csv:3:1"},
      {head + "18446744073709551616,a,1,a,no\n", "no whole number", "t.csv:3:1"},
      {head + "2,a,1,a,no\n1,a,1,a,no\n", "of line 4 was already given in line 2", "t.csv:4:1"},
      {head + "01,a,1,a,no\n", "of line 3 was already given in line 2", "t.csv:3:1"},
      {head + "2," + std::string(kMaxSubjectBytes + 1, 's') + ",1,a,no\n", "longer than 1024 bytes", "t.csv:3:2"},
      {head + "2,a,1\n", "found 3", "t.csv:3:3"},
      {"id,cat,y\n", "no column 'num' for the feature", "t.csv:1:1"},
      {"id,num,y\n", "no column 'cat' for the feature", "t.csv:1:1"},
      {"id,num,cat\n", "no column 'y' for the label", "t.csv:1:1"},
      {"", "empty", "t.csv"},
  };
  for (const BadCase& c : cases) {
    SCOPED_TRACE(c.text.substr(0, 80));
    ExpectError(ErrorOf(c.text), ErrorCode::kBadInput, c.message, c.place);
  }
  EXPECT_EQ(Parse(head + "2," + std::string(kMaxSubjectBytes, 's') + ",1,a,no\n").size(), 2U);
}

TEST(TableReader, HelpsWithATypo) {
  EXPECT_EQ(ErrorOf("id,numm,cat,y\n").remedy, "did you mean 'numm'?");
  const std::string remedy = ErrorOf("num,cat,y\n1,a,maybe\n").remedy;
  EXPECT_NE(remedy.find("'no', 'yes'"), std::string::npos) << remedy;
}

TEST(TableReader, KeepsTheRecordsBeforeABadOneWhole) {
  const std::string good = "id,who,num,cat,y\n1,a,1,a,no\n2,b,2,b,yes\n";
  for (const char* bad : {"3,c,x,c,no\n", "3,c,3,c,x\n", "x,c,3,c,no\n", "1,c,3,c,no\n", "3,c\n", "3,\"c"}) {
    auto reader = Make(good + bad);
    ASSERT_TRUE(reader.ok());
    Table table;
    const auto first = reader->Read(table, 1);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(*first, 1U);
    EXPECT_FALSE(reader->Read(table, 10).ok()) << bad;
    EXPECT_EQ(table.ids, (std::vector<RecordId>{1, 2})) << bad;
    EXPECT_EQ(table.labels, (std::vector<ClassCode>{0, 1})) << bad;
    EXPECT_EQ(table.cells.size(), 4U) << bad;
    EXPECT_EQ(table.subjects, (std::vector<std::string>{"a", "b"})) << bad;
  }
}

TEST(TableReader, ReadsInPiecesAsInOne) {
  std::string text = "id,who,num,cat,y\n";
  for (int i = 0; i < 100; ++i)
    text += fmt::format("{},p{},{},c{},{}\n", i, i / 3, i * 0.5, i % 7, i % 2 == 0 ? "no" : "yes");
  const Table whole = Parse(text);
  for (const std::size_t limit : {1U, 7U, 99U, 100U, 101U}) {
    auto reader = Make(text);
    ASSERT_TRUE(reader.ok());
    Table table;
    while (true) {
      const auto count = reader->Read(table, limit);
      ASSERT_TRUE(count.ok());
      if (*count == 0) break;
      EXPECT_LE(*count, limit);
    }
    EXPECT_EQ(table.ids, whole.ids);
    EXPECT_EQ(table.cells, whole.cells);
    EXPECT_EQ(table.labels, whole.labels);
    EXPECT_EQ(table.subjects, whole.subjects);
  }
}

TEST(ReadTable, WantsARecord) {
  const Scratch scratch;
  const std::string path = scratch.Write("t.csv", "id,who,num,cat,y\n");
  ExpectError(ReadTable(path, kSchema, {}).error(), ErrorCode::kBadInput, "no record", path);
  std::uint64_t done = 0;
  const auto table = ReadTable(scratch.Write("u.csv", "num,cat,y\n1,a,no\n"), kSchema, {},
                               [&](std::uint64_t bytes, std::uint64_t total) { EXPECT_EQ(done = bytes, total); });
  ASSERT_TRUE(table.ok()) << table.error().ToString();
  EXPECT_EQ(done, 17U);
}

TEST(ReadSubjects, ReadsTheFirstTwoColumns) {
  const Scratch scratch;
  const auto subjects = ReadSubjects(scratch.Write("s.csv", "any,name,more\n1,ann,x\n2,,x\n3,\"b,\",x\n"));
  ASSERT_TRUE(subjects.ok()) << subjects.error().ToString();
  EXPECT_EQ(*subjects, (SubjectMap{{1, "ann"}, {2, ""}, {3, "b,"}}));
  const std::pair<std::string, std::pair<const char*, const char*>> cases[] = {
      {"id\n1\n", {"two columns", ":1:1"}},
      {"1,ann\n2,bob\n", {"begins with a number", ":1:1"}},
      {"-1.5,ann\n", {"begins with a number", ":1:1"}},
      {"id,who\ns3cr3t,ann\n", {"no whole number", ":2:1"}},
      {"id,who\n1,ann\n1,s3cr3t\n", {"comes twice", ":3:1"}},
      {"id,who\n1," + std::string(kMaxSubjectBytes + 1, 's') + "\n", {"longer than", ":2:2"}},
      {"id,who\n1\n", {"found 1", ":2:1"}},
  };
  for (const auto& [text, expected] : cases) {
    const std::string path = scratch.Write("s.csv", text);
    const auto bad = ReadSubjects(path);
    ASSERT_FALSE(bad.ok()) << text;
    ExpectError(bad.error(), ErrorCode::kBadInput, expected.first, path + expected.second);
  }
}

TEST(ReadIds, ReadsListsWithAndWithoutHeader) {
  const Scratch scratch;
  const auto ids = [&](const std::string& text) { return ReadIds(scratch.Write("i.txt", text)); };
  const std::vector<RecordId> expected{5, 18446744073709551615ULL, 0};
  for (const char* text :
       {"5\n18446744073709551615\n0\n", "id\n5\n18446744073709551615\n0", "5\r\n\r\n18446744073709551615\n\n0\n\n",
        "id,name\n5,ann\n18446744073709551615,bob\n0,\n"}) {
    const auto read = ids(text);
    ASSERT_TRUE(read.ok()) << text << read.error().ToString();
    EXPECT_EQ(*read, expected) << text;
  }
  EXPECT_EQ(*ids("7"), std::vector<RecordId>{7});
  const std::string path = scratch.Path("i.txt");
  for (const auto& [text, message, place] :
       {std::tuple{"", "empty", ""}, std::tuple{"id\n", "names no record", ""},
        std::tuple{"-1\n", "no whole number", ":1:1"}, std::tuple{"1.5\n2\n", "no whole number", ":1:1"},
        std::tuple{"1\ns3cr3t\n", "no whole number", ":2:1"}, std::tuple{"1\n\n 2\n", "no whole number", ":3:1"},
        std::tuple{"1\n\"\"\n2", "", ""}}) {
    const auto read = ids(text);
    if (*message == '\0') {
      EXPECT_TRUE(read.ok()) << text;
      continue;
    }
    ASSERT_FALSE(read.ok()) << text;
    ExpectError(read.error(), ErrorCode::kBadInput, message, path + place);
  }
}

}  // namespace
}  // namespace hedgerow::datasets
