#include "datasets/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

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
  const std::string suggestion = Suggestion(*type, types);
  return Error{ErrorCode::kBadInput, fmt::format("the \"type\" of feature '{}' is unknown", Excerpt(*name, 100)), where,
               suggestion.empty() ? "write \"numeric\" or \"categorical\"" : suggestion};
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
      return Bad(place, fmt::format("the schema uses the column '{}' twice", Excerpt(*name, 100)));
    }
  }
  for (const Feature& feature : schema.features) {
    if (!columns.insert(feature.name).second) {
      return Bad(place, fmt::format("the schema uses the column '{}' twice", Excerpt(feature.name, 100)));
    }
  }
  std::set<std::string> classes;
  for (const std::string& name : schema.classes) {
    if (name.empty()) return Bad(place, "the schema has a class without a name");
    if (classes.insert(name).second) continue;
    return Bad(place, fmt::format("the schema has the class '{}' twice", Excerpt(name, 100)));
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
  try {
    return FromJson(Json::parse(json), place);
  } catch (const Json::parse_error& error) {
    const std::string_view before = json.substr(0, error.byte);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    return Bad(fmt::format("{}:{}", place, line), "the schema is not valid JSON");
  } catch (const Json::exception&) {
    return Bad(place, "the schema holds a number that is out of range");
  }
}

Result<Schema> LoadSchema(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  std::string text;
  std::array<char, 1 << 14> block;
  while (file != nullptr) {
    const std::size_t got = std::fread(block.data(), 1, block.size(), file.get());
    text.append(block.data(), got);
    if (std::ferror(file.get()) != 0) break;
    if (got == 0) return ParseSchema(text, path);
  }
  return Error{ErrorCode::kIo, fmt::format("cannot read the schema: {}", std::strerror(errno)), path,
               "give the path of a schema file"};
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
  // A name that is not UTF-8 (a file's, say) is written with replacement characters; dump() would throw otherwise.
  return json.dump(1, ' ', /*ensure_ascii=*/false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace hedgerow::datasets
