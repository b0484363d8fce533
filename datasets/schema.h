// The schema: names and types of the features, the class names, and which columns hold ids and subjects.
//
// Knows nothing of CSV or of trees. The order of features and classes is part of the model's definition.
//
// Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/result.h"

namespace hedgerow::datasets {

// In files and in the model's fingerprint: never renumber.
enum class FeatureType : std::uint8_t { kNumeric = 0, kCategorical = 1 };

struct Feature {
  std::string name;
  FeatureType type = FeatureType::kNumeric;
  bool operator==(const Feature&) const = default;
};

inline constexpr std::size_t kMaxFeatures = 4096;
inline constexpr std::size_t kMaxClasses = 256;

// 1 to kMaxFeatures features, 2 to kMaxClasses classes, all names distinct and not empty.
struct Schema {
  std::string name;
  std::vector<Feature> features;
  std::string label;                 // the column with the class
  std::vector<std::string> classes;  // a label's code is its index here
  std::string id;                    // the column with the record's id; may be empty
  std::string subject;               // the column with the data subject's id; may be empty
  bool operator==(const Schema&) const = default;
};

// Reads {"name","features":[{"name","type"}],"label","classes","id","subject"}; other keys are ignored.
// `place` names the source in errors. kBadInput where something is missing, repeated or of a wrong type.
Result<Schema> ParseSchema(std::string_view json, const std::string& place);
Result<Schema> LoadSchema(const std::string& path);

// The JSON form, indented, with a final newline. ParseSchema(ToJson(s)) == s.
std::string ToJson(const Schema& schema);

}  // namespace hedgerow::datasets
