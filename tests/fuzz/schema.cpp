// Schemas in JSON: whatever is taken for one is written and read back the same.
#include "datasets/schema.h"

#include <random>

#include "tests/fuzz/target.h"
#include "tests/support/data.h"

namespace hedgerow::fuzz {

std::vector<std::string> Seeds() {
  std::mt19937_64 random(1);
  std::vector<std::string> seeds;
  for (const tests::Shape& shape : {tests::Shape{4, 1, 2}, {4, 5, 3}, {4, 12, 30}}) {
    datasets::Schema schema = tests::RandomData(random, shape).schema;
    seeds.push_back(datasets::ToJson(schema));
    schema.id = "i\"d";
    schema.subject = "p\xc3\xa9rson";
    seeds.push_back(datasets::ToJson(schema));
  }
  return seeds;
}

bool Run(std::string_view input) {
  const auto schema = datasets::ParseSchema(input, "t.json");
  if (!schema) {
    HEDGEROW_CHECK(schema.error().code == ErrorCode::kBadInput && !schema.error().message.empty(),
                   "an incomplete error: " + schema.error().ToString());
    return false;
  }
  HEDGEROW_CHECK(!schema->features.empty() && schema->features.size() <= datasets::kMaxFeatures &&
                     schema->classes.size() >= 2 && schema->classes.size() <= datasets::kMaxClasses,
                 "a schema beyond its limits");
  const auto again = datasets::ParseSchema(datasets::ToJson(*schema), "t.json");
  HEDGEROW_CHECK(again.ok() && *again == *schema, "a schema that does not read back");
  return true;
}

}  // namespace hedgerow::fuzz
