#include "datasets/schema.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "datasets/text.h"

namespace hedgerow::datasets {
namespace {

using Json = nlohmann::json;

constexpr const char* kRemedy = "write one with 'hedgerow schema infer FILE.csv' and edit it";

Error Bad(const std::string& place, std::string message) {
  return {ErrorCode::kBadInput, std::move(message), place, kRemedy};
}

// A string member. An absent optional one is empty.
Result<std::string> Text(const Json& json, const char* key, bool required, const std::string& place) {
  const auto it = json.find(key);
  if (it == json.end() || it->is_null()) {
    if (required) return Bad(place, fmt::format("the schema has no \"{}\"", key));
    return std::string();
  }
  if (!it->is_string()) return Bad(place, fmt::format("the schema's \"{}\" is not a string", key));
  std::string text = it->get<std::string>();
  if (required && text.empty()) return Bad(place, fmt::format("the schema's \"{}\" is empty", key));
  return text;
}

Result<Feature> ParseFeature(const Json& json, std::size_t number, const std::string& place) {
  const std::string where = fmt::format("{}: feature {}", place, number);
  if (!json.is_object()) return Bad(where, "a feature is not an object with \"name\" and \"type\"");
  Result<std::string> name = Text(json, "name", true, where);
  if (!name) return name.error();
  Result<std::string> type = Text(json, "type", true, where);
  if (!type) return type.error();
  if (*type == "numeric") return Feature{*name, FeatureType::kNumeric};
  if (*type == "categorical") return Feature{*name, FeatureType::kCategorical};
  const std::string types[] = {"numeric", "categorical"};
  return Bad(where, fmt::format("the type of feature '{}' is neither \"numeric\" nor \"categorical\" {}", *name,
                                Suggestion(*type, types)));
}

Status CheckNames(const Schema& schema, const std::string& place) {
  if (schema.features.empty() || schema.features.size() > kMaxFeatures) {
    return Bad(place, fmt::format("a schema has 1 to {} features, this one {}", kMaxFeatures, schema.features.size()));
  }
  if (schema.classes.size() < 2 || schema.classes.size() > kMaxClasses) {
    return Bad(place, fmt::format("a schema has 2 to {} classes, this one {}", kMaxClasses, schema.classes.size()));
  }
  std::set<std::string> columns{schema.label};
  for (const std::string* name : {&schema.id, &schema.subject}) {
    if (!name->empty() && !columns.insert(*name).second) {
      return Bad(place, fmt::format("the schema uses the column '{}' twice", *name));
    }
  }
  for (const Feature& feature : schema.features) {
    if (!columns.insert(feature.name).second) {
      return Bad(place, fmt::format("the schema uses the column '{}' twice", feature.name));
    }
  }
  std::set<std::string> classes;
  for (const std::string& name : schema.classes) {
    if (name.empty()) return Bad(place, "the schema has a class without a name");
    if (!classes.insert(name).second) return Bad(place, fmt::format("the schema has the class '{}' twice", name));
  }
  return {};
}

Result<Schema> FromJson(const Json& json, const std::string& place) {
  if (!json.is_object()) return Bad(place, "the schema is not a JSON object");
  Schema schema;
  for (const auto& [key, target, required] :
       {std::tuple{"name", &schema.name, false}, std::tuple{"label", &schema.label, true},
        std::tuple{"id", &schema.id, false}, std::tuple{"subject", &schema.subject, false}}) {
    Result<std::string> text = Text(json, key, required, place);
    if (!text) return text.error();
    *target = std::move(*text);
  }
  const auto features = json.find("features");
  if (features == json.end() || !features->is_array()) return Bad(place, "the schema has no list \"features\"");
  for (const Json& item : *features) {
    Result<Feature> feature = ParseFeature(item, schema.features.size() + 1, place);
    if (!feature) return feature.error();
    schema.features.push_back(std::move(*feature));
  }
  const auto classes = json.find("classes");
  if (classes == json.end() || !classes->is_array()) return Bad(place, "the schema has no list \"classes\"");
  for (const Json& item : *classes) {
    if (!item.is_string()) return Bad(place, "a class of the schema is not a string");
    schema.classes.push_back(item.get<std::string>());
  }
  if (Status status = CheckNames(schema, place); !status) return status.error();
  return schema;
}

}  // namespace

Result<Schema> ParseSchema(std::string_view json, const std::string& place) {
  const Json parsed = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return Bad(place, "the schema is not valid JSON");
  return FromJson(parsed, place);
}

Result<Schema> LoadSchema(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return Error{ErrorCode::kIo, fmt::format("cannot read the schema: {}", std::strerror(errno)), path,
                 "give the path of a schema file"};
  }
  return ParseSchema(text.str(), path);
}

std::string ToJson(const Schema& schema) {
  nlohmann::ordered_json json;
  json["name"] = schema.name;
  json["features"] = nlohmann::ordered_json::array();
  for (const Feature& feature : schema.features) {
    const bool numeric = feature.type == FeatureType::kNumeric;
    json["features"].push_back({{"name", feature.name}, {"type", numeric ? "numeric" : "categorical"}});
  }
  json["label"] = schema.label;
  json["classes"] = schema.classes;
  if (!schema.id.empty()) json["id"] = schema.id;
  if (!schema.subject.empty()) json["subject"] = schema.subject;
  return json.dump(1) + "\n";
}

}  // namespace hedgerow::datasets
