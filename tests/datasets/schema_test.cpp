// Proves that a schema survives printing and reading (by hand and at random), that every kind of fault is refused with
// its place, and that other keys do not matter.
#include "datasets/schema.h"

#include <fmt/format.h>

#include <random>
#include <string>

#include "datasets/csv_reader.h"
#include "tests/datasets/scratch.h"

namespace hedgerow::datasets {
namespace {

constexpr const char* kGood =
    R"({"name":"n","features":[{"name":"a","type":"numeric"},{"name":"b","type":"categorical"}],
 "label":"y","classes":["no","yes"],"id":"id","subject":"who"})";

Schema Good() {
  return {"n", {{"a", FeatureType::kNumeric}, {"b", FeatureType::kCategorical}}, "y", {"no", "yes"}, "id", "who"};
}

TEST(Schema, ReadsWhatIsDocumented) {
  const auto schema = ParseSchema(kGood, "s.json");
  ASSERT_TRUE(schema.ok()) << schema.error().ToString();
  EXPECT_EQ(*schema, Good());
}

TEST(Schema, NeedsNeitherNameNorIdNorSubject) {
  const char* text = R"({"features":[{"name":"a","type":"numeric"}],"label":"y","classes":["0","1"],"id":null})";
  const auto schema = ParseSchema(text, "s.json");
  ASSERT_TRUE(schema.ok()) << schema.error().ToString();
  EXPECT_EQ(*schema, (Schema{"", {{"a", FeatureType::kNumeric}}, "y", {"0", "1"}, "", ""}));
}

TEST(Schema, IgnoresOtherKeys) {
  const char* text = R"({"records":1e300,"origin":{"features":[]},"name":"n","licence":["x",[[]]],
    "features":[{"name":"a","type":"numeric","missing":3,"Type":"no"},{"distinct":null,"type":"categorical","name":"b"}],
    "label":"y","classes":["no","yes"],"id":"id","subject":"who","Label":7})";
  const auto schema = ParseSchema(text, "s.json");
  ASSERT_TRUE(schema.ok()) << schema.error().ToString();
  EXPECT_EQ(*schema, Good());
}

TEST(Schema, TakesAByteOrderMark) {
  const auto schema = ParseSchema(std::string("\xef\xbb\xbf") + kGood, "s.json");
  ASSERT_TRUE(schema.ok()) << schema.error().ToString();
  EXPECT_EQ(*schema, Good());
}

std::string RandomName(std::mt19937_64& random) {
  static const std::string kPieces[] = {"a",  "Z", "0",    " ",    "\"",       "\\",           "\n",
                                        "\t", "/", "\x01", "\x7f", "\xc3\xa9", "\xe2\x80\xa8", "\xf0\x9f\x8c\xbf",
                                        "{",  "]", ","};
  std::string name;
  for (std::uint64_t n = 1 + random() % 8; n > 0; --n) name += kPieces[random() % std::size(kPieces)];
  return name;
}

TEST(Schema, SurvivesPrintingAndReading) {
  std::mt19937_64 random(TestSeed());
  for (int round = 0; round < 500; ++round) {
    Schema schema;
    int number = 0;
    const auto distinct = [&] { return fmt::format("{}{}", RandomName(random), number++); };
    if (random() % 4 != 0) schema.name = RandomName(random);
    for (std::uint64_t n = 1 + random() % 20; n > 0; --n) {
      schema.features.push_back({distinct(), random() % 2 == 0 ? FeatureType::kNumeric : FeatureType::kCategorical});
    }
    schema.label = distinct();
    for (std::uint64_t n = 2 + random() % 30; n > 0; --n) schema.classes.push_back(distinct());
    if (random() % 2 == 0) schema.id = distinct();
    if (random() % 2 == 0) schema.subject = distinct();
    const std::string text = ToJson(schema);
    EXPECT_TRUE(text.ends_with("}\n"));
    const auto again = ParseSchema(text, "s.json");
    ASSERT_TRUE(again.ok()) << again.error().ToString() << "\n" << text;
    ASSERT_EQ(*again, schema) << text;
    ASSERT_EQ(ToJson(*again), text);
  }
}

TEST(Schema, PrintsNamesThatAreNotUtf8) {
  Schema schema = Good();
  schema.name = "latin-\xe9";
  const auto again = ParseSchema(ToJson(schema), "s.json");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->name, "latin-\xef\xbf\xbd");
  schema.name = again->name;
  EXPECT_EQ(*again, schema);
}

// kGood with one piece replaced.
std::string With(const std::string& old_piece, const std::string& new_piece) {
  std::string text = kGood;
  const std::size_t at = text.find(old_piece);
  HEDGEROW_CHECK(at != std::string::npos, "the test's own schema has no " + old_piece);
  return text.replace(at, old_piece.size(), new_piece);
}

struct BadCase {
  std::string text, message, place;
};

void ExpectRefused(const BadCase& c) {
  SCOPED_TRACE(c.text.substr(0, 200));
  const auto schema = ParseSchema(c.text, "s.json");
  ASSERT_FALSE(schema.ok());
  ExpectError(schema.error(), ErrorCode::kBadInput, c.message, c.place);
}

TEST(Schema, RefusesWhatIsNoJson) {
  for (const char* text :
       {"", " ", "{", "[", "tru", "\"", "{\"a\":}", "nul", "{}x", "{'a':1}", "// c\n{}", "{\"a\":01}", "\xff"}) {
    ExpectRefused({text, "not valid JSON", "s.json:1"});
  }
  ExpectRefused({With("\"label\"", "\n\n\"label"), "not valid JSON", "s.json:4"});
  ExpectRefused({With("\"n\"", "\"\xff\""), "not valid JSON", "s.json:1"});
  ExpectRefused({With("\"n\"", "\"\\ud800\""), "not valid JSON", "s.json:1"});
  ExpectRefused({With("\"n\"", "1e999"), "out of range", "s.json"});
}

TEST(Schema, RefusesWrongShapes) {
  for (const char* text : {"[]", "null", "1", "\"s3cr3t\""}) ExpectRefused({text, "not a JSON object", "s.json"});
  const BadCase cases[] = {
      {"{}", "no \"label\"", "s.json"},
      {With("\"label\":\"y\",", ""), "no \"label\"", "s.json"},
      {With("\"y\"", "null"), "no \"label\"", "s.json"},
      {With("\"y\"", "7"), "\"label\" is not a string", "s.json"},
      {With("\"y\"", "\"\""), "\"label\" is empty", "s.json"},
      {With("\"n\"", "[]"), "\"name\" is not a string", "s.json"},
      {With("\"id\":\"id\"", "\"id\":3"), "\"id\" is not a string", "s.json"},
      {With("\"who\"", "{}"), "\"subject\" is not a string", "s.json"},
      {With("\"features\"", "\"feature\""), "no list \"features\"", "s.json"},
      {With("[{\"name\":\"a\"", "{\"a\":[{\"name\":\"a\""), "not valid JSON", "s.json:2"},
      {With("{\"name\":\"a\",\"type\":\"numeric\"}", "\"a\""), "not an object", "s.json: feature 1"},
      {With("{\"name\":\"a\",", "{"), "no \"name\"", "s.json: feature 1"},
      {With("\"a\"", "\"\""), "\"name\" is empty", "s.json: feature 1"},
      {With("\"b\"", "12"), "\"name\" is not a string", "s.json: feature 2"},
      {With("\"b\",\"type\":\"categorical\"", "\"b\""), "no \"type\"", "s.json: feature 2"},
      {With("\"categorical\"", "\"text\""), "\"type\" of feature 'b' is unknown", "s.json: feature 2"},
      {With("\"classes\"", "\"class\""), "no list \"classes\"", "s.json"},
      {With("[\"no\",\"yes\"]", "\"no\""), "no list \"classes\"", "s.json"},
      {With("\"yes\"", "1"), "a class of the schema is not a string", "s.json"},
  };
  for (const BadCase& c : cases) ExpectRefused(c);
  EXPECT_EQ(ParseSchema(With("\"categorical\"", "\"catgorical\""), "s").error().remedy, "did you mean 'categorical'?");
}

TEST(Schema, RefusesNamesThatComeTwiceAndNumbersOutOfRange) {
  const auto many = [](std::size_t count, const std::string& pattern) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) list += ",";
      list += fmt::format(fmt::runtime(pattern), i);
    }
    return fmt::format("[{}]", list);
  };
  const std::string two_features = R"([{"name":"a","type":"numeric"},{"name":"b","type":"categorical"}])";
  const std::string feature = R"({{"name":"f{}","type":"numeric"}})";
  const BadCase cases[] = {
      {With("\"b\"", "\"a\""), "column 'a' twice", "s.json"},
      {With("\"b\"", "\"y\""), "column 'y' twice", "s.json"},
      {With("\"b\"", "\"id\""), "column 'id' twice", "s.json"},
      {With("\"b\"", "\"who\""), "column 'who' twice", "s.json"},
      {With("\"id\":\"id\"", "\"id\":\"y\""), "column 'y' twice", "s.json"},
      {With("\"who\"", "\"id\""), "column 'id' twice", "s.json"},
      {With("\"yes\"", "\"no\""), "class 'no' twice", "s.json"},
      {With("\"yes\"", "\"\""), "a class without a name", "s.json"},
      {With("\"no\",\"yes\"", "\"no\""), "2 to 256 classes, this one 1", "s.json"},
      {With("\"no\",\"yes\"", ""), "2 to 256 classes, this one 0", "s.json"},
      {With("[\"no\",\"yes\"]", many(kMaxClasses + 1, "\"c{}\"")), "2 to 256 classes, this one 257", "s.json"},
      {With(two_features, "[]"), "1 to 4096 features, this one 0", "s.json"},
      {With(two_features, many(kMaxFeatures + 1, feature)), "1 to 4096 features, this one 4097", "s.json"},
  };
  for (const BadCase& c : cases) ExpectRefused(c);
  EXPECT_TRUE(ParseSchema(With("[\"no\",\"yes\"]", many(kMaxClasses, "\"c{}\"")), "s").ok());
  EXPECT_TRUE(ParseSchema(With(two_features, many(kMaxFeatures, feature)), "s").ok());
}

TEST(Schema, MessagesStayShortWhateverTheNamesAre) {
  const std::string name = "\"" + std::string(1'000'000, 'x') + "\"";
  for (const std::string& text :
       {With("\"a\",\"type\":\"numeric\"", name + ",\"type\":" + name), With("\"categorical\"", name),
        With("[\"no\",\"yes\"]", "[" + name + "," + name + "]"),
        With("\"id\":\"id\",\"subject\":\"who\"", "\"id\":" + name + ",\"subject\":" + name)}) {
    const auto schema = ParseSchema(text, "s.json");
    ASSERT_FALSE(schema.ok());
    EXPECT_LT(schema.error().ToString().size(), 500U);
  }
}

TEST(Schema, DeepNestingIsNoProblem) {
  const std::string deep(200'000, '[');
  EXPECT_FALSE(ParseSchema(deep, "s.json").ok());
  const std::string closed = deep + std::string(deep.size(), ']');
  EXPECT_FALSE(ParseSchema(closed, "s.json").ok());
  EXPECT_TRUE(ParseSchema(With("\"n\"", "\"n\",\"extra\":" + closed), "s.json").ok());
}

TEST(Schema, LoadsAFile) {
  const Scratch scratch;
  const auto schema = LoadSchema(scratch.Write("s.json", kGood));
  ASSERT_TRUE(schema.ok()) << schema.error().ToString();
  EXPECT_EQ(*schema, Good());
  const std::string absent = scratch.Path("absent.json");
  ExpectError(LoadSchema(absent).error(), ErrorCode::kIo, "No such file", absent);
  ExpectError(LoadSchema(scratch.folder()).error(), ErrorCode::kIo, "Is a directory", scratch.folder());
  const std::string bad = scratch.Write("bad.json", "{\n\n!");
  ExpectError(LoadSchema(bad).error(), ErrorCode::kBadInput, "not valid JSON", bad + ":3");
  Schema large = Good();
  for (int i = 0; i < 4000; ++i) large.features.push_back({fmt::format("feature number {}", i), FeatureType::kNumeric});
  const auto again = LoadSchema(scratch.Write("large.json", ToJson(large)));
  ASSERT_TRUE(again.ok()) << again.error().ToString();
  EXPECT_EQ(*again, large) << "a file of many blocks";
}

}  // namespace
}  // namespace hedgerow::datasets
