// Proves that no text from outside breaks a parser: every truncation and thousands of random mutations of good CSV,
// ids, subjects and schema files give a value or a complete error. Run under sanitizers this also proves that nothing
// is read beyond its end. The seed is printed.
#include <algorithm>
#include <random>
#include <string>

#include "datasets/infer.h"
#include "datasets/schema.h"
#include "datasets/table_reader.h"
#include "tests/datasets/scratch.h"

namespace hedgerow::datasets {
namespace {

const std::string kCsv =
    "\xef\xbb\xbfid,who,num,cat,y\r\n1,ann,1.5,\"re\"\"d\",yes\r\n2,,-3e2,\"a,\nb\",no\n\n"
    "18446744073709551615,b\xc3\xb6"
    "b,,\xf0\x9f\x8c\xbf,no\n4,ann,.5,,\"yes\"\n";
const std::string kJson =
    "{\"name\":\"n\\u00e9\",\"records\":12e3,\"features\":[{\"name\":\"num\",\"type\":\"numeric\"},\n"
    "{\"name\":\"cat\",\"type\":\"categorical\",\"missing\":null}],\"label\":\"y\",\"classes\":[\"no\",\"yes\"],\n"
    "\"id\":\"id\",\"subject\":\"who\",\"more\":[[],{\"a\":true}]}";
const Schema kSchema{
    "n", {{"num", FeatureType::kNumeric}, {"cat", FeatureType::kCategorical}}, "y", {"no", "yes"}, "id", "who"};

// One to four changes: a bit, a byte that matters to a parser, a piece cut out, repeated or moved.
std::string Mutate(std::string text, std::mt19937_64& random) {
  static const std::string kBytes = std::string(1, '\0') + "\",\n\r{}[]:0-e.\\ \xff\xc3\x80u";
  for (std::uint64_t changes = 1 + random() % 4; changes > 0 && !text.empty(); --changes) {
    const std::size_t at = random() % text.size();
    const std::size_t length = std::min<std::size_t>(1 + random() % 12, text.size() - at);
    switch (random() % 5) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << random() % 8));
        break;
      case 1:
        text[at] = kBytes[random() % kBytes.size()];
        break;
      case 2:
        text.insert(at, 1, kBytes[random() % kBytes.size()]);
        break;
      case 3:
        text.erase(at, length);
        break;
      default:
        text.insert(random() % text.size(), text.substr(at, length));
        break;
    }
  }
  return text;
}

void ExpectComplete(const Error& error) {
  EXPECT_EQ(error.code, ErrorCode::kBadInput) << error.ToString();
  EXPECT_FALSE(error.message.empty());
  EXPECT_TRUE(error.place.starts_with("t")) << error.ToString();
  EXPECT_LT(error.ToString().size(), 1000U);
}

// Reads a text as records; whether all of it was good.
bool ReadRecords(const std::string& text) {
  auto csv = CsvReader::FromText(text, "t.csv");
  if (!csv) {
    ExpectComplete(csv.error());
    return false;
  }
  auto reader = TableReader::Make(std::move(*csv), kSchema, {});
  if (!reader) {
    ExpectComplete(reader.error());
    return false;
  }
  Table table;
  const auto count = reader->Read(table, 1000);
  EXPECT_EQ(table.cells.size(), table.size() * table.width);
  EXPECT_EQ(table.labels.size(), table.size());
  EXPECT_TRUE(std::all_of(table.labels.begin(), table.labels.end(), [](ClassCode y) { return y < 2; }));
  if (!count) ExpectComplete(count.error());
  return count.ok();
}

bool ReadSchema(const std::string& text) {
  const auto schema = ParseSchema(text, "t.json");
  if (!schema) {
    ExpectComplete(schema.error());
    return false;
  }
  const auto again = ParseSchema(ToJson(*schema), "t.json");
  EXPECT_TRUE(again.ok() && *again == *schema) << text;
  return true;
}

TEST(FuzzTest, EveryTruncationOfACsv) {
  ASSERT_TRUE(ReadRecords(kCsv));
  std::size_t good = 0;
  for (std::size_t length = 0; length < kCsv.size(); ++length) {
    good += ReadRecords(kCsv.substr(0, length)) ? 1 : 0;
    if (HasFailure()) FAIL() << "cut at " << length;
  }
  EXPECT_GT(good, 0U);
  EXPECT_LT(good, kCsv.size() / 2);
}

TEST(FuzzTest, EveryByteOfACsv) {
  for (std::size_t at = 0; at < kCsv.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = kCsv;
      text[at] = static_cast<char>(byte);
      ReadRecords(text);
      if (HasFailure()) FAIL() << "byte " << byte << " at " << at;
    }
  }
}

TEST(FuzzTest, MutationsOfACsv) {
  std::mt19937_64 random(TestSeed());
  const Scratch scratch;
  int good = 0;
  for (int k = 0; k < 20'000; ++k) {
    const std::string text = Mutate(kCsv, random);
    good += ReadRecords(text) ? 1 : 0;
    if (k % 10 == 0) {
      const std::string path = scratch.Write("t.csv", text);
      for (const auto& infer : {InferOptions{}, InferOptions{.label = "y", .id = "id", .subject = "who", .name = ""}}) {
        const auto inferred = InferSchema(path, infer);
        EXPECT_TRUE(!inferred.ok() || ParseSchema(ToJson(*inferred), "t").ok()) << testing::PrintToString(text);
      }
      (void)ReadSubjects(path);
      (void)ReadIds(path);
    }
    if (HasFailure()) FAIL() << testing::PrintToString(text);
  }
  EXPECT_GT(good, 100) << "mutations are to reach beyond the first error";
  EXPECT_LT(good, 19'000);
}

TEST(FuzzTest, EveryTruncationOfASchema) {
  ASSERT_TRUE(ReadSchema(kJson));
  for (std::size_t length = 0; length < kJson.size(); ++length) {
    EXPECT_FALSE(ReadSchema(kJson.substr(0, length))) << "cut at " << length;
  }
}

TEST(FuzzTest, MutationsOfASchema) {
  std::mt19937_64 random(TestSeed());
  int good = 0;
  for (int k = 0; k < 20'000; ++k) {
    const std::string text = Mutate(kJson, random);
    good += ReadSchema(text) ? 1 : 0;
    if (HasFailure()) FAIL() << testing::PrintToString(text);
  }
  EXPECT_GT(good, 100);
  EXPECT_LT(good, 19'000);
}

// Noise without any structure.
TEST(FuzzTest, RandomBytes) {
  std::mt19937_64 random(TestSeed());
  for (int k = 0; k < 5'000; ++k) {
    std::string text(random() % 200, '\0');
    for (char& c : text) c = static_cast<char>(random());
    ReadRecords("num,cat,y\n" + text);
    ReadSchema(text);
    if (HasFailure()) FAIL() << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace hedgerow::datasets
