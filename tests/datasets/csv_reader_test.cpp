// Proves that the CSV reader takes what RFC 4180 allows, refuses the rest at the right place, and is indifferent to
// where its blocks end. Texts are read from memory, and from files around the size of a block.
#include "datasets/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/datasets/scratch.h"

namespace hedgerow::datasets {
namespace {

using Records = std::vector<std::vector<std::string>>;

// Reads to the end or to the first error.
Records ReadAll(CsvReader& csv, std::optional<Error>& error) {
  Records records;
  while (true) {
    const auto fields = csv.Next();
    if (!fields) {
      error = fields.error();
      return records;
    }
    if (fields->empty()) return records;
    records.emplace_back(fields->begin(), fields->end());
  }
}

Records Parse(const std::string& text) {
  auto csv = CsvReader::FromText(text, "t.csv");
  if (!csv) {
    ADD_FAILURE() << csv.error().ToString();
    return {};
  }
  std::optional<Error> error;
  Records records = ReadAll(*csv, error);
  EXPECT_FALSE(error) << error->ToString();
  return records;
}

Error ErrorOf(const std::string& text) {
  auto csv = CsvReader::FromText(text, "t.csv");
  if (!csv) return csv.error();
  std::optional<Error> error;
  ReadAll(*csv, error);
  return error.value_or(Error{ErrorCode::kUsage, "no error", "", ""});
}

TEST(CsvReader, TakesWhatTheRfcAllows) {
  EXPECT_EQ(Parse("a,b\n1,2\n3,4\n"), (Records{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(Parse("a,b\r\n1,2\r\n3,4"), (Records{{"1", "2"}, {"3", "4"}})) << "CRLF, no final line end";
  EXPECT_EQ(Parse("\xef\xbb\xbf"
                  "a,b\n1,2\n"),
            (Records{{"1", "2"}}))
      << "byte order mark";
  EXPECT_EQ(Parse("a,b\n\"1\",\"\"\n"), (Records{{"1", ""}}));
  EXPECT_EQ(Parse("a,b\n\"x,y\",\"p\nq\"\n"), (Records{{"x,y", "p\nq"}}));
  EXPECT_EQ(Parse("a,b\n\"x\r\ny\",\"\r\"\n"), (Records{{"x\r\ny", "\r"}}));
  EXPECT_EQ(Parse("a,b\n\"\"\"\",\"a\"\"b\"\"\"\n"), (Records{{"\"", "a\"b\""}}));
  EXPECT_EQ(Parse("a,b\n,\n , x \n"), (Records{{"", ""}, {" ", " x "}})) << "blanks belong to a field";
  EXPECT_EQ(Parse("a,b\n\n1,2\n\r\n\n3,4\n\n"), (Records{{"1", "2"}, {"3", "4"}})) << "empty lines";
  EXPECT_EQ(Parse("a\n1\n\n\"\"\n2\n"), (Records{{"1"}, {""}, {""}, {"2"}}))
      << "an empty line is a value of one column";
  EXPECT_EQ(Parse("a,b\n\xc3\xa9,\xf0\x9f\x8c\xbf\n"), (Records{{"\xc3\xa9", "\xf0\x9f\x8c\xbf"}}));
  EXPECT_EQ(Parse("a,b\n"), Records{});
  EXPECT_EQ(Parse("a,b"), Records{});
}

TEST(CsvReader, KnowsItsHeader) {
  const auto csv = CsvReader::FromText("\xef\xbb\xbf\"a,1\",\"b\"\"c\", d\n", "t.csv");
  ASSERT_TRUE(csv.ok());
  EXPECT_EQ(csv->header(), (std::vector<std::string>{"a,1", "b\"c", " d"}));
}

TEST(CsvReader, CountsLinesThroughQuotedBreaks) {
  // A header with a doubled quote before a line break once made all later lines one too large.
  auto csv = CsvReader::FromText("\"a\"\"\nx\",b\n1,2\n\"p\nq\n\",\"\"\"\n\"\"\"\n\n5,6\n", "t.csv");
  ASSERT_TRUE(csv.ok());
  std::vector<std::uint64_t> lines;
  while (true) {
    const auto fields = csv->Next();
    ASSERT_TRUE(fields.ok());
    if (fields->empty()) break;
    lines.push_back(csv->line());
  }
  EXPECT_EQ(lines, (std::vector<std::uint64_t>{3, 4, 9}));
  EXPECT_EQ(csv->PlaceOf(2), "t.csv:9:2");
}

struct BadCase {
  std::string text, message, place;
};

TEST(CsvReader, RefusesTheRestAndSaysWhere) {
  const std::string zero(1, '\0');
  const BadCase cases[] = {
      {"", "the file is empty", "t.csv"},
      {"\n\r\n", "the file is empty", "t.csv"},
      {"a,,b\n", "a column without a name", "t.csv:1:2"},
      {"\na,b,a\n", "the column 'a' comes twice", "t.csv:2:3"},
      {"a,b,c\n1,2,3\ns3cr3t,2\n", "(3), found 2", "t.csv:3:2"},
      {"a,b\n1,2,s3cr3t\n", "(2), found 3", "t.csv:2:3"},
      {"a,b\n\"\"\n", "(2), found 1", "t.csv:2:1"},
      {"a,b\n\"1\n2\n3\",4\n5\n", "(2), found 1", "t.csv:5:1"},
      {"a,b\n1,2\n3,\"s3cr3t\n4,5\n", "never closed", "t.csv:3:2"},
      {"a,b,c\n\"x\ny\",1,\"s3cr3t\n\n", "never closed", "t.csv:3:3"},
      {"\"a", "never closed", "t.csv:1:1"},
      {"a,b\n1,s3cr3t\"x\n", "a quote within a field", "t.csv:2:2"},
      {"a,b\n\"s3cr3t\"x,2\n", "text after a closing quote", "t.csv:2:1"},
      {"a,b\n1,\"2\" \n", "text after a closing quote", "t.csv:2:2"},
      {"a,b\n1\r2,3\n", "carriage return without", "t.csv:2:1"},
      {"a,b\n1,2\r", "carriage return without", "t.csv:2:2"},
      {"a,b\n1,\"2\"\r3\n", "carriage return without", "t.csv:2:2"},
      {"a,b\n1,s3cr3t" + zero + "\n", "a zero byte", "t.csv:2:2"},
      {"a,b\n\"1\n\",\"s3cr3t" + zero + "\"\n", "a zero byte", "t.csv:3:2"},
      {"a,b\n1,s3cr3t\xff\n", "not UTF-8", "t.csv:2:2"},
      {"a,b\n\"\n\n\",\"\xc3\"\n", "not UTF-8", "t.csv:4:2"},
      {"a,\xed\xa0\x80\n", "not UTF-8", "t.csv:1:2"},
      {"a,b\n1," + std::string(kMaxFieldBytes + 1, 'x') + "\n", "above 64 KiB", "t.csv:2:2"},
      {"a,b\n1,\"" + std::string(kMaxFieldBytes + 1, 'x') + "\"\n", "above 64 KiB", "t.csv:2:2"},
      {"a,b\n\"1\n\",\"" + std::string(1'000'000, 'x'), "above 64 KiB", "t.csv:3:2"},
      {"a,b\n1,\"" + std::string(4 * kMaxFieldBytes, '"'), "above 64 KiB", "t.csv:2:2"},
      {std::string(kMaxColumns, ',') + "\n", "more than 8192 fields", "t.csv:1:8193"},
  };
  for (const BadCase& c : cases) {
    SCOPED_TRACE(c.text.substr(0, 60));
    ExpectError(ErrorOf(c.text), ErrorCode::kBadInput, c.message, c.place);
  }
}

TEST(CsvReader, TakesTheLongestFieldAndTheMostColumns) {
  const std::string longest(kMaxFieldBytes, 'x');
  EXPECT_EQ(Parse("a,b\n" + longest + ",\"" + longest + "\"\n"), (Records{{longest, longest}}));
  const std::string quotes(kMaxFieldBytes, '"');
  EXPECT_EQ(Parse("a\n\"" + quotes + quotes + "\"\n"), (Records{{quotes}}))
      << "what counts is the field, not its escapes";
  std::string header;
  for (std::size_t i = 0; i < kMaxColumns; ++i) header += fmt::format("{}c{}", i == 0 ? "" : ",", i);
  const auto csv = CsvReader::FromText(header, "t.csv");
  ASSERT_TRUE(csv.ok());
  EXPECT_EQ(csv->header().size(), kMaxColumns);
}

TEST(CsvReader, StaysFailed) {
  auto csv = CsvReader::FromText("a,b\n1\n2,3\n", "t.csv");
  ASSERT_TRUE(csv.ok());
  for (int k = 0; k < 3; ++k) {
    const auto fields = csv->Next();
    ASSERT_FALSE(fields.ok());
    EXPECT_EQ(fields.error().place, "t.csv:2:1");
  }
}

TEST(CsvReader, SaysWhatItCannotOpen) {
  const Scratch scratch;
  const std::string absent = scratch.Path("absent.csv");
  ExpectError(CsvReader::Open(absent).error(), ErrorCode::kIo, "No such file", absent);
  ExpectError(CsvReader::Open(scratch.folder()).error(), ErrorCode::kIo, "Is a directory", scratch.folder());
  const std::string empty = scratch.Write("empty.csv", "");
  ExpectError(CsvReader::Open(empty).error(), ErrorCode::kBadInput, "empty", empty);
}

TEST(CsvReader, TellsItsProgress) {
  const Scratch scratch;
  const std::string text = "a,b\n1,2\n33,4\n";
  auto csv = CsvReader::Open(scratch.Write("t.csv", text));
  ASSERT_TRUE(csv.ok());
  EXPECT_EQ(csv->bytes_total(), text.size());
  for (const std::uint64_t expected : {8, 13, 13}) {
    ASSERT_TRUE(csv->Next().ok());
    EXPECT_EQ(csv->bytes_read(), expected);
  }
}

// Awkward records are moved over the end of the first block byte by byte.
TEST(CsvReader, DoesNotCareWhereABlockEnds) {
  const Scratch scratch;
  constexpr std::size_t kBlock = 1 << 20;
  const std::string awkward = "\"a\"\"b\",\"x,\r\ny\"\r\n\xc3\xa9,\"\"\r\n\r\n\"\"\"\",\"\"\"\"\"\"\nlast,";
  const Records expected = {{"a\"b", "x,\r\ny"}, {"\xc3\xa9", ""}, {"\"", "\"\""}, {"last", ""}};
  for (std::size_t shift = 0; shift <= awkward.size() + 1; ++shift) {
    std::string text = "h,k\n";
    const std::size_t wanted = kBlock - shift;
    while (text.size() < wanted) {
      const std::size_t rest = wanted - text.size();
      text += std::string(rest > 2000 ? 997 : rest - 3, 'p') + ",1\n";
    }
    ASSERT_EQ(text.size(), wanted);
    const std::uint64_t line = 1 + static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    auto csv = CsvReader::Open(scratch.Write("t.csv", text + awkward));
    ASSERT_TRUE(csv.ok());
    std::optional<Error> error;
    const Records records = ReadAll(*csv, error);
    ASSERT_FALSE(error) << error->ToString() << " shift " << shift;
    ASSERT_GE(records.size(), expected.size());
    EXPECT_TRUE(std::equal(expected.rbegin(), expected.rend(), records.rbegin())) << "shift " << shift;
    EXPECT_EQ(csv->line(), line + 5) << "shift " << shift;
  }
}

// An error behind the first block has the same place as in memory.
TEST(CsvReader, FindsErrorsBehindTheFirstBlock) {
  const Scratch scratch;
  std::string text = "h,k\n";
  while (text.size() < 5'000'000) text += "\"some\ntext\",\"" + std::string(text.size() % 50'000, 'x') + "\"\n";
  for (const std::string& tail : {std::string("1,\"open"), std::string("1\n"), std::string("1,2\xff\n")}) {
    auto memory = CsvReader::FromText(text + tail, "t.csv");
    auto file = CsvReader::Open(scratch.Write("t.csv", text + tail));
    ASSERT_TRUE(memory.ok() && file.ok());
    std::optional<Error> expected, found;
    EXPECT_EQ(ReadAll(*file, found), ReadAll(*memory, expected));
    ASSERT_TRUE(expected && found);
    EXPECT_EQ(found->message, expected->message);
    EXPECT_EQ(found->place, scratch.folder() + "/" + expected->place);
  }
}

}  // namespace
}  // namespace hedgerow::datasets
