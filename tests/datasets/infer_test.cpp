// Proves what is guessed from a CSV file: types, missing and distinct values, roles of columns, classes; and that what
// cannot be learned from is refused at its place.
#include "datasets/infer.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "tests/datasets/scratch.h"

namespace hedgerow::datasets {
namespace {

class InferTest : public ::testing::Test {
 protected:
  Result<Inferred> Infer(const std::string& text, const InferOptions& options = {}) {
    return InferSchema(scratch_.Write("some data.csv", text), options);
  }
  Schema SchemaOf(const std::string& text, const InferOptions& options = {}) {
    auto inferred = Infer(text, options);
    EXPECT_TRUE(inferred.ok()) << inferred.error().ToString();
    return inferred.ok() ? inferred->schema : Schema{};
  }
  void ExpectRefused(const std::string& text, const std::string& message, const std::string& place,
                     const InferOptions& options = {}, ErrorCode code = ErrorCode::kBadInput) {
    SCOPED_TRACE(text.substr(0, 100));
    const auto inferred = Infer(text, options);
    ASSERT_FALSE(inferred.ok());
    ExpectError(inferred.error(), code, message, scratch_.Path("some data.csv") + place);
  }

  Scratch scratch_;
};

TEST_F(InferTest, GuessesTypesAndCounts) {
  const auto inferred = Infer(
      "id,age,town,code,empty,half,mixed,subject,label\n"
      "1,30,Ulm,007,,1,1,p,b\n"
      "2,30.0,Ulm,1e3,,,x,p,a\n"
      "3,-1,Bonn,+5,,2,2,q,b\n");
  ASSERT_TRUE(inferred.ok()) << inferred.error().ToString();
  EXPECT_EQ(inferred->records, 3U);
  const Schema& schema = inferred->schema;
  EXPECT_EQ(schema, (Schema{"some data",
                            {{"age", FeatureType::kNumeric},
                             {"town", FeatureType::kCategorical},
                             {"code", FeatureType::kNumeric},
                             {"empty", FeatureType::kCategorical},
                             {"half", FeatureType::kNumeric},
                             {"mixed", FeatureType::kCategorical}},
                            "label",
                            {"a", "b"},
                            "id",
                            "subject"}));
  const std::vector<std::uint64_t> missing{0, 0, 0, 3, 1, 0}, distinct{3, 2, 3, 0, 2, 3};
  ASSERT_EQ(inferred->columns.size(), missing.size());
  for (std::size_t i = 0; i < missing.size(); ++i) {
    EXPECT_EQ(inferred->columns[i].name, schema.features[i].name);
    EXPECT_EQ(inferred->columns[i].missing, missing[i]) << schema.features[i].name;
    EXPECT_EQ(inferred->columns[i].distinct, distinct[i]) << schema.features[i].name;
  }
}

TEST_F(InferTest, AgreesWithTheReaderOnWhatIsANumber) {
  for (const char* value : {"nan", "inf", "1e39", "0x10", "1,5", "--1"}) {
    EXPECT_EQ(SchemaOf(fmt::format("a,label\n1,x\n\"{}\",y\n", value)).features[0].type, FeatureType::kCategorical)
        << value;
  }
  for (const char* value : {" 1", "1e-400", "+.5", "5."}) {
    EXPECT_EQ(SchemaOf(fmt::format("a,label\n1,x\n\"{}\",y\n", value)).features[0].type, FeatureType::kNumeric)
        << value;
  }
}

TEST_F(InferTest, FindsTheRolesByTheirUsualNames) {
  EXPECT_EQ(SchemaOf("y,a\n1,2\n2,2\n").label, "y");
  EXPECT_EQ(SchemaOf("target,y,a\n1,2,1\n2,2,1\n").label, "target") << "in the documented order";
  EXPECT_EQ(SchemaOf("y,target,class,label\n1,1,1,1\n2,2,2,2\n").label, "label");
  EXPECT_EQ(SchemaOf("a,b\n1,2\n1,3\n").label, "b") << "else the last column";
  const Schema last = SchemaOf("a,b,id\n1,2,1\n1,3,2\n");
  EXPECT_EQ(last.label, "b") << "the last one that is not taken";
  EXPECT_EQ(last.id, "id");
  EXPECT_EQ(SchemaOf("person_id,a,b\n1,2,1\n1,3,2\n").subject, "person_id");
  EXPECT_EQ(SchemaOf("subject_id,person,a,b\n1,1,2,1\n1,1,3,2\n").subject, "person");
  EXPECT_EQ(SchemaOf("ID,a,b\n1,2,1\n1,3,2\n").id, "") << "names are taken as they are";
}

TEST_F(InferTest, DoesAsItIsTold) {
  const std::string text = "id,subject,label,a\n1,2,x,p\n2,2,y,q\n";
  EXPECT_EQ(SchemaOf(text, {.label = "a"}),
            (Schema{"some data", {{"label", FeatureType::kCategorical}}, "a", {"p", "q"}, "id", "subject"}));
  EXPECT_EQ(SchemaOf(text, {.label = "id"}).id, "") << "a column has one role";
  EXPECT_EQ(SchemaOf(text, {.id = "subject"}).subject, "");
  EXPECT_EQ(SchemaOf(text, {.subject = "id", .name = "other"}).subject, "id");
  EXPECT_EQ(SchemaOf(text, {.name = "other"}).name, "other");
}

TEST_F(InferTest, SortsClassesByTheirBytes) {
  EXPECT_EQ(SchemaOf("a,label\n1,b\n1,10\n1,9\n1,B\n1,\xc3\xa9\n1,b\n").classes,
            (std::vector<std::string>{"10", "9", "B", "b", "\xc3\xa9"}));
}

TEST_F(InferTest, RefusesWhatCannotBeLearnedFrom) {
  ExpectRefused("a,label\n1,x\n2,x\n", "'label' has only one distinct value", "");
  ExpectRefused("a,label\n1,x\n2,\n", "without a label", ":3:2");
  ExpectRefused("label\nx\ny\n", "no column is left to be a feature", "");
  ExpectRefused("id,label\n1,x\n2,y\n", "no column is left to be a feature", "");
  ExpectRefused("id\n1\n2\n", "no column is left to be the label", ":1:1");
  ExpectRefused("a,label\n", "a header but no record", "");
  ExpectRefused("a,label\n1,x\n1\n", "found 1", ":3:1");
  ExpectRefused("a,lable,b\n1,x,2\n", "no column 'label'", ":1:1", {.label = "label"});
  ExpectRefused("a,label\n1,x\n", "cannot be two of", ":1:1", {.label = "a", .id = "a"}, ErrorCode::kUsage);
  std::string many = "a,label\n";
  for (std::size_t i = 0; i <= kMaxClasses; ++i) many += fmt::format("1,s3cr3t{}\n", i);
  ExpectRefused(many, "more than 256 distinct values", fmt::format(":{}:2", kMaxClasses + 2));
  std::string wide = "label", row = "x";
  for (std::size_t i = 0; i <= kMaxFeatures; ++i) {
    wide += fmt::format(",c{}", i);
    row += ",1";
  }
  ExpectRefused(wide + "\n" + row + "\n", "4097 features, where 4096 can be used", "");
  const std::string absent = scratch_.Path("absent.csv");
  ExpectError(InferSchema(absent, {}).error(), ErrorCode::kIo, "No such file", absent);
}

TEST_F(InferTest, SuggestsANameThatIsThere) {
  EXPECT_EQ(Infer("age,label\n1,x\n2,y\n", {.label = "labe"}).error().remedy, "did you mean 'label'?");
}

TEST_F(InferTest, PrintsASchemaThatReadsBack) {
  const auto inferred = Infer("id,a,\"q\"\"u,\n\",label\n1,,x,0\n2,5,y,1\n");
  ASSERT_TRUE(inferred.ok()) << inferred.error().ToString();
  const std::string text = ToJson(*inferred);
  const auto schema = ParseSchema(text, "s.json");
  ASSERT_TRUE(schema.ok()) << schema.error().ToString() << "\n" << text;
  EXPECT_EQ(*schema, inferred->schema);
  for (const char* part : {"\"records\": 2", "\"missing\": 1", "\"distinct\": 1", "\"distinct\": 2"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST_F(InferTest, TellsItsProgressToTheEnd) {
  std::uint64_t last = 0, total = 0;
  const std::string text = "a,label\n1,x\n2,y\n";
  ASSERT_TRUE(InferSchema(scratch_.Write("t.csv", text), {}, [&](std::uint64_t done, std::uint64_t of) {
                EXPECT_GE(done, last);
                last = done;
                total = of;
              }).ok());
  EXPECT_EQ(last, text.size());
  EXPECT_EQ(total, text.size());
}

}  // namespace
}  // namespace hedgerow::datasets
