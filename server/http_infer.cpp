#include "server/http_infer.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "datasets/text.h"
#include "forest/forest.h"

namespace hedgerow::server {

using datasets::Cell;
using datasets::FeatureType;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t kMaxTextBytes = 64U << 10U;
constexpr int kMaxDepth = 16;  // a request needs six

std::string ToLine(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Error Bad(std::string message, std::string place = "") {
  return {ErrorCode::kBadInput, std::move(message), std::move(place), "see GET /v2/models/NAME for what is wanted"};
}

std::string Place(const datasets::Feature& feature) {
  return fmt::format("input '{}'", feature.name);
}

// Refuses deep nesting while it is read, so that no small body grows into a deep tree.
std::optional<Json> Parse(std::string_view body) {
  bool deep = false;
  Json json = Json::parse(
      body,
      [&](int depth, Json::parse_event_t, Json&) {
        deep = deep || depth > kMaxDepth;
        return !deep;
      },
      /*allow_exceptions=*/false);
  if (deep || json.is_discarded() || !json.is_object()) return std::nullopt;
  return json;
}

const Json* Member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

Result<Cell> ReadNumber(const Json& value, const datasets::Feature& feature) {
  if (value.is_null()) return datasets::kMissing;
  if (!value.is_number()) return Bad("something else than a number", Place(feature));
  const double number = value.get<double>();
  if (!(std::fabs(number) <= std::numeric_limits<float>::max())) return Bad("a number beyond FP32", Place(feature));
  return datasets::NumericCell(static_cast<float>(number));
}

Result<Cell> ReadText(const Json& value, const datasets::Feature& feature, const Model& model) {
  if (value.is_null()) return datasets::kMissing;
  if (!value.is_string()) return Bad("something else than a text", Place(feature));
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() > kMaxTextBytes) return Bad("a text that is too long", Place(feature));
  return datasets::CategoryCell(model.key, text);
}

const Json* FindInput(const Json& inputs, const std::string& name) {
  for (const Json& input : inputs) {
    const Json* given = input.is_object() ? Member(input, "name") : nullptr;
    if (given != nullptr && given->is_string() && given->get_ref<const std::string&>() == name) return &input;
  }
  return nullptr;
}

// The input's values, if they fit its shape: [rows] or [rows, 1].
Result<const Json*> ValuesOf(const Json& input, const datasets::Feature& feature) {
  const Json* shape = Member(input, "shape");
  const Json* data = Member(input, "data");
  if (shape == nullptr || !shape->is_array() || data == nullptr || !data->is_array()) {
    return Bad("shape or data is missing", Place(feature));
  }
  const bool fits =
      !shape->empty() && shape->size() <= 2 && (*shape)[0] == data->size() && (shape->size() == 1 || (*shape)[1] == 1);
  if (!fits) return Bad("the data do not have the shape, which must be [rows] or [rows, 1]", Place(feature));
  return data;
}

Result<std::vector<Cell>> ReadInputs(const Json& inputs, const Model& model, std::uint32_t max_rows) {
  if (inputs.size() != model.width()) {
    return Bad(fmt::format("{} inputs instead of {}", inputs.size(), model.width()));
  }
  std::vector<Cell> cells;
  std::size_t rows = 0;
  for (std::size_t j = 0; j < model.width(); ++j) {
    const datasets::Feature& feature = model.schema.features[j];
    const Json* input = FindInput(inputs, feature.name);
    if (input == nullptr) return Bad("an input is missing", Place(feature));
    const Result<const Json*> data = ValuesOf(*input, feature);
    if (!data) return data.error();
    if (j == 0) {
      rows = (*data)->size();
      if (rows == 0 || rows > max_rows) return Bad(fmt::format("{} rows instead of 1 to {}", rows, max_rows));
      cells.resize(rows * model.width());
    }
    if ((*data)->size() != rows) return Bad("not as many rows as in the first input", Place(feature));
    for (std::size_t i = 0; i < rows; ++i) {
      const Json& value = (**data)[i];
      const Result<Cell> cell =
          feature.type == FeatureType::kNumeric ? ReadNumber(value, feature) : ReadText(value, feature, model);
      if (!cell) return cell.error();
      cells[i * model.width() + j] = *cell;
    }
  }
  return cells;
}

}  // namespace

Result<InferRequest> ParseInfer(std::string_view body, const Model& model, std::uint32_t max_rows) {
  const std::optional<Json> json = Parse(body);
  const Json* inputs = json ? Member(*json, "inputs") : nullptr;
  if (inputs == nullptr || !inputs->is_array()) return Bad("the body is no JSON object with 'inputs'");
  InferRequest request;
  if (const Json* id = Member(*json, "id"); id != nullptr) {
    if (!id->is_string() || id->get_ref<const std::string&>().size() > 128)
      return Bad("the id is no text of at most 128 bytes");
    request.id = *id;
  }
  const Json* parameters = Member(*json, "parameters");
  const Json* not_before =
      parameters != nullptr && parameters->is_object() ? Member(*parameters, "not_before") : nullptr;
  if (not_before != nullptr) {
    if (!not_before->is_number_unsigned()) return Bad("not_before is no whole number");
    request.not_before = *not_before;
  }
  Result<std::vector<Cell>> cells = ReadInputs(*inputs, model, max_rows);
  if (!cells) return cells.error();
  request.cells = std::move(*cells);
  return request;
}

std::string InferAnswer(const InferRequest& request, const std::string& store, const Model& model,
                        const Prediction& prediction) {
  const std::vector<double>& probabilities = prediction.probabilities;
  const std::size_t classes = model.classes(), rows = probabilities.size() / classes;
  Json labels = Json::array();
  for (std::size_t i = 0; i < rows; ++i) {
    const std::span<const double> row(probabilities.data() + i * classes, classes);
    labels.push_back(model.schema.classes[forest::MostProbable(row)]);
  }
  Json answer = {{"model_name", store}};
  if (!request.id.empty()) answer["id"] = request.id;
  answer["parameters"] = {{"sequence", prediction.sequence}};
  answer["outputs"] = {
      {{"name", "probabilities"}, {"datatype", "FP64"}, {"shape", {rows, classes}}, {"data", probabilities}},
      {{"name", "label"}, {"datatype", "BYTES"}, {"shape", {rows}}, {"data", labels}}};
  return ToLine(answer);
}

std::string ModelMetadata(const std::string& store, const Model& model) {
  Json inputs = Json::array();
  for (const datasets::Feature& feature : model.schema.features) {
    inputs.push_back({{"name", feature.name},
                      {"datatype", feature.type == FeatureType::kNumeric ? "FP32" : "BYTES"},
                      {"shape", {-1}}});
  }
  const Json outputs = {{{"name", "probabilities"}, {"datatype", "FP64"}, {"shape", {-1, model.classes()}}},
                        {{"name", "label"}, {"datatype", "BYTES"}, {"shape", {-1}}}};
  return ToLine({{"name", store},
                 {"versions", Json::array()},
                 {"platform", "hedgerow"},
                 {"inputs", inputs},
                 {"outputs", outputs},
                 {"parameters", {{"classes", model.schema.classes}}}});
}

std::string ErrorBody(const Error& error) {
  return ToLine({{"error", error.ToString()}});
}

}  // namespace hedgerow::server
