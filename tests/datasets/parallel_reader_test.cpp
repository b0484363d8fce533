// Proves that a file read in pieces by several threads gives what one thread reads record by record: the same table,
// or the same error to the last character. On random files with quotes, line breaks within fields, CRLF, blank lines,
// holes, repeated ids and all kinds of damage, cut at every length; on files of several blocks; and on the real ones.
#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "datasets/seen_ids.h"
#include "datasets/table_reader.h"
#include "tests/datasets/scratch.h"
#include "tests/support/data.h"

namespace hedgerow::datasets {
namespace {

const Schema kSchema{
    "n", {{"num", FeatureType::kNumeric}, {"cat", FeatureType::kCategorical}}, "y", {"no", "yes"}, "id", "who"};

// Real threads.
ParallelLoop Threads(unsigned threads) {
  return {threads, [threads](std::size_t n, const std::function<void(std::size_t)>& body) {
            std::atomic<std::size_t> next = 0;
            std::vector<std::thread> others;
            const auto work = [&] {
              for (std::size_t i = next++; i < n; i = next++) body(i);
            };
            for (unsigned t = 1; t < threads; ++t) others.emplace_back(work);
            work();
            for (std::thread& other : others) other.join();
          }};
}

// One thread that takes the tasks from last to first, and says that it is several.
ParallelLoop Backwards(unsigned threads) {
  return {threads, [](std::size_t n, const std::function<void(std::size_t)>& body) {
            for (std::size_t i = n; i > 0; --i) body(i - 1);
          }};
}

struct Outcome {
  Table table;
  std::string error;
};

void ExpectSame(const Outcome& actual, const Outcome& expected) {
  ASSERT_EQ(actual.error, expected.error);
  if (!expected.error.empty()) return;
  EXPECT_EQ(actual.table.width, expected.table.width);
  EXPECT_EQ(actual.table.ids, expected.table.ids);
  EXPECT_EQ(actual.table.labels, expected.table.labels);
  EXPECT_TRUE(actual.table.cells == expected.table.cells);
  EXPECT_TRUE(actual.table.subjects == expected.table.subjects);
}

std::string Describe(const Error& error) {
  return fmt::format("{} {}", static_cast<int>(error.code), error.ToString());
}

// What one thread reads, record by record.
Outcome ReadInOrder(TableReader reader) {
  Outcome outcome;
  const auto count = reader.Read(outcome.table, std::size_t{1} << 40);
  if (!count) outcome.error = Describe(count.error());
  return outcome;
}

Outcome ReadInPieces(TableReader reader, const ParallelLoop& loop, std::size_t bytes) {
  auto table = reader.ReadRest(loop, {}, bytes);
  if (!table) return {{}, Describe(table.error())};
  return {std::move(*table), ""};
}

// A reader of the text, or nothing if its header is not good.
std::optional<TableReader> OfText(const std::string& text, const TableOptions& options, const Schema& schema) {
  auto csv = CsvReader::FromText(text, "t.csv");
  if (!csv) return std::nullopt;
  auto reader = TableReader::Make(std::move(*csv), schema, options);
  if (!reader) return std::nullopt;
  return std::move(*reader);
}

std::string Quoted(const std::string& text, bool quote) {
  if (!quote) return text;
  std::string quoted(1, '"');
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  quoted += '"';
  return quoted;
}

// A good file: some of its ids are in order and some are not.
std::string RandomCsv(std::mt19937_64& random, bool with_ids) {
  static const std::vector<std::string> kTexts{"a",          "",   "two\nlines", "\n",         "\r\n",
                                               "say \"so\"", "\"", "a,b",        "r\xc3\xb6t", " "};
  const bool crlf = random() % 2 == 0;
  const bool shuffled = random() % 2 == 0;
  std::string text = with_ids ? "id,who,num,cat,y,more" : "nr,who,num,cat,y,more";
  const std::size_t records = random() % 60;
  for (std::size_t i = 0; i < records; ++i) {
    text += crlf ? "\r\n" : "\n";
    if (random() % 12 == 0) text += "\n";
    const std::uint64_t id = shuffled ? (i * 7919) % 104'729 : i * i;
    text += Quoted(std::to_string(id), random() % 8 == 0);
    text += ',';
    text += Quoted(fmt::format("p{}", random() % 9), random() % 4 == 0);
    text += ',';
    text += (random() % 5 == 0 ? "" : fmt::format("{}", static_cast<int>(random() % 2'000) / 8.0 - 100));
    for (const char* column : {"cat", "y", "more"}) {
      const bool is_label = column[0] == 'y';
      const std::string value = is_label ? (random() % 2 == 0 ? "yes" : "no") : kTexts[random() % kTexts.size()];
      text += ',';
      text += Quoted(value, value.find_first_of("\",\r\n") != std::string::npos || random() % 6 == 0);
    }
  }
  return random() % 3 == 0 ? text : text + (crlf ? "\r\n" : "\n");
}

// Damage of the kinds that a reader has to find, in places where it may mislead whoever looks for the ends of records.
std::string Damage(std::string text, std::mt19937_64& random) {
  const std::size_t header = text.find('\n');
  if (header == std::string::npos) return text;
  static const std::vector<std::string> kBad{"\"",  "\"\"", "\r", std::string(1, '\0'), "\xff", ",", "\n", "x\"",
                                             "\"x", "-",    "yes"};
  for (std::uint64_t times = 1 + random() % 3; times > 0; --times) {
    const std::size_t at = header + 1 + random() % (text.size() - header);
    const std::string& bad = kBad[random() % kBad.size()];
    switch (random() % 4) {
      case 0:
        if (at < text.size()) text.erase(at, 1 + random() % 3);
        break;
      case 1:  // a piece of the file again: its ids are given twice
        if (at < text.size()) text.insert(header + 1 + random() % (text.size() - header), text.substr(at, 60));
        break;
      default:
        text.insert(std::min(at, text.size()), bad);
    }
  }
  return text;
}

TEST(ParallelReader, ReadsAsOneThreadDoes) {
  std::mt19937_64 random(TestSeed());
  const SubjectMap subjects{{1, "ann"}, {4, "bob"}, {7919, ""}, {9, "cy"}};
  std::size_t good = 0, bad = 0;
  for (unsigned round = 0; round < 3'000; ++round) {
    const bool with_ids = random() % 4 != 0;
    std::string text = RandomCsv(random, with_ids);
    if (round % 3 != 0) text = Damage(std::move(text), random);
    TableOptions options{.key = CategoryKeyFromSeed(1)};
    if (random() % 4 == 0) options.subjects = &subjects;
    const auto make = [&] { return OfText(text, options, kSchema); };
    auto reader = make();
    if (!reader) continue;
    const Outcome expected = ReadInOrder(std::move(*reader));
    ++(expected.error.empty() ? good : bad);
    const std::size_t bytes = round % 7 == 0 ? 1 : 1 + random() % 400;
    const ParallelLoop loop = round % 40 == 0 ? Threads(3) : Backwards(round % 3 + 2);
    ExpectSame(ReadInPieces(std::move(*make()), loop, bytes), expected);
    if (HasFailure()) FAIL() << "pieces of " << bytes << " bytes of:\n" << text;
  }
  EXPECT_GT(good, 500U);
  EXPECT_GT(bad, 500U);
}

// Every length of a piece, so that it ends at every place of the file.
TEST(ParallelReader, DoesNotCareWhereAPieceEnds) {
  const std::string good =
      "id,who,num,cat,y\r\n1,\"a\n\"\"\n\",1,\"\n\",no\r\n\r\n\"2\",\"\",,\"\"\"\",yes\n3,,4,x,\"no\"";
  for (const std::string& text : {good, good + "\n1,,,,no\n", good + "x\n", good + "\n4,\"a\"b,,,no\n\"",
                                  good + "\n4,,\"1\n2\",,no\n5,,\"\n\",,"}) {
    const auto make = [&] { return OfText(text, {}, kSchema); };
    const Outcome expected = ReadInOrder(std::move(*make()));
    EXPECT_EQ(expected.error.empty(), text == good);
    for (std::size_t bytes = 1; bytes < text.size() + 2; ++bytes) {
      ExpectSame(ReadInPieces(std::move(*make()), Backwards(2), bytes), expected);
    }
  }
}

// The first error is told although a later piece has one too, whichever thread comes first.
TEST(ParallelReader, TellsTheFirstError) {
  std::string text = "id,who,num,cat,y\n";
  for (int i = 0; i < 500; ++i) text += fmt::format("{},,{},c,no\n", i, i == 300 || i == 400 ? "bad" : "1");
  for (const unsigned threads : {2U, 3U, 8U}) {
    for (int round = 0; round < 5; ++round) {
      auto table = OfText(text, {}, kSchema)->ReadRest(Threads(threads), {}, 64);
      ASSERT_FALSE(table.ok());
      EXPECT_EQ(table.error().place, "t.csv:302:3");
    }
  }
  // An id that came before is found in the record that gives it again, before what else is wrong with it.
  text.replace(text.find("300,,bad"), 8, "7,,bad");
  auto table = OfText(text, {}, kSchema)->ReadRest(Threads(2), {}, 64);
  ASSERT_FALSE(table.ok());
  ExpectError(table.error(), ErrorCode::kBadInput, "the record id of line 302 was already given in line 9",
              "t.csv:302:1");
}

// Files of several blocks, with a record that is larger than a block, and errors at the end or a stray quote early on
// behind which no line feed seems to end a record.
TEST(ParallelReader, ReadsLargeFiles) {
  const Scratch scratch;
  std::mt19937_64 random(TestSeed());
  std::string text = "id,who,num,cat,y";
  for (int i = 0; i < 40; ++i) text += fmt::format(",w{}", i);
  text += "\n";
  const auto record = [&](std::uint64_t id, std::size_t filling) {
    text += fmt::format("{},p{},{},\"{}\",yes", id, random() % 1'000, static_cast<double>(random() % 100'000) / 16,
                        random() % 9 == 0 ? "two\nlines" : "one");
    for (int i = 0; i < 40; ++i) text.append(",").append(filling, 'w');
    text += "\n";
  };
  for (std::uint64_t id = 1; id <= 20'000; ++id) record(id, id % 3);
  record(20'001, 60'000);
  for (std::uint64_t id = 20'002; id <= 40'000; ++id) record(id, id % 4);
  ASSERT_GT(text.size(), std::size_t{5'000'000});
  std::string stray = text;
  stray.insert(stray.find('\n', 100'000) + 3, "\"");
  for (const std::string& content : {text, text + "7,,1,,no" + std::string(40, ',') + "\n", text + "1\n", stray}) {
    const std::string path = scratch.Write("t.csv", content);
    const auto make = [&] { return TableReader::Make(*CsvReader::Open(path), kSchema, {}); };
    const Outcome expected = ReadInOrder(std::move(*make()));
    EXPECT_EQ(expected.error.empty(), content == text);
    for (const std::size_t bytes : {std::size_t{10'000}, TableReader::kPieceBytes, std::size_t{3'000'000}}) {
      ExpectSame(ReadInPieces(std::move(*make()), Threads(3), bytes), expected);
    }
  }
}

TEST(ParallelReader, TellsItsProgress) {
  std::string text = "num,cat,y\n";
  for (int i = 0; i < 1'000; ++i) text += "1,a,no\n";
  std::uint64_t last = 0;
  auto table = OfText(text, {}, kSchema)
                   ->ReadRest(
                       Backwards(2),
                       [&](std::uint64_t bytes, std::uint64_t total) {
                         EXPECT_EQ(total, text.size());
                         EXPECT_GE(bytes, last);
                         last = bytes;
                       },
                       100);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->size(), 1'000U);
  EXPECT_EQ(table->ids.back(), 1'000U) << "records without ids are numbered through all pieces";
  EXPECT_EQ(last, text.size());
}

TEST(SeenIds, FindsEachIdAgain) {
  std::mt19937_64 random(TestSeed());
  std::unordered_map<RecordId, std::uint64_t> expected;
  SeenIds seen;
  RecordId ascending = 0;
  for (std::uint64_t line = 1; line < 60'000; ++line) {
    RecordId id = 0;
    switch (random() % 4) {
      case 0:
        id = ascending += random() % 3;
        break;
      case 1:
        id = (random() % 40'000) << 40;  // alike in their lower bits
        break;
      case 2:
        id = random() % 100'000;
        break;
      default:
        id = random();
    }
    const auto [it, is_new] = expected.emplace(id, line);
    ASSERT_EQ(seen.Add(id, line), is_new ? 0 : it->second) << id;
  }
}

class ParallelReaderRealDataTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ParallelReaderRealDataTest, ReadsAsOneThreadDoes) {
  const auto files = tests::RealData(GetParam());
  HEDGEROW_NEEDS_DATA(files, GetParam());
  const auto schema = LoadSchema(files->schema);
  ASSERT_TRUE(schema.ok()) << schema.error().ToString();
  const auto make = [&] { return TableReader::Make(*CsvReader::Open(files->train), *schema, {}); };
  const Outcome expected = ReadInOrder(std::move(*make()));
  EXPECT_EQ(expected.error, "");
  for (const std::size_t bytes : {std::size_t{1'000}, TableReader::kPieceBytes}) {
    ExpectSame(ReadInPieces(std::move(*make()), Threads(2), bytes), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ParallelReaderRealDataTest,
                         ::testing::Values("adult", "bank", "diabetes130", "letter", "shopping", "rand_visits"),
                         [](const auto& which) { return which.param; });

}  // namespace
}  // namespace hedgerow::datasets
