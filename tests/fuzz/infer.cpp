// Bodies of HTTP's infer request: whatever is taken for one has a cell for each row and feature, and an answer that is
// JSON.
#include <nlohmann/json.hpp>

#include "server/http_infer.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz {
namespace {

using datasets::FeatureType;
using Json = nlohmann::ordered_json;

constexpr std::uint32_t kMaxRows = 50;

server::Model MakeModel() {
  server::Model model;
  model.schema = {"n", {{"a", FeatureType::kNumeric}, {"b", FeatureType::kCategorical}, {"c", FeatureType::kNumeric}},
                  "y", {"no", "yes"},
                  "",  ""};
  return model;
}

}  // namespace

// Made after what the server tells of the model, as a client does it.
std::vector<std::string> Seeds() {
  const Json metadata = Json::parse(server::ModelMetadata("shop", MakeModel()));
  std::vector<std::string> seeds;
  for (const std::size_t rows : {1U, 3U}) {
    Json inputs = Json::array();
    for (Json input : metadata["inputs"]) {
      input["shape"] = {rows};
      input["data"] = Json::array();
      for (std::size_t i = 0; i < rows; ++i) {
        if (i == 2) {
          input["data"].push_back(nullptr);
        } else if (input["datatype"] == "FP32") {
          input["data"].push_back(static_cast<double>(i) - 1.5e3);
        } else {
          input["data"].push_back("blue");
        }
      }
      inputs.push_back(input);
    }
    seeds.push_back(Json{{"id", "7"}, {"parameters", {{"not_before", 3}}}, {"inputs", inputs}}.dump());
    seeds.push_back(Json{{"inputs", inputs}}.dump(1));
  }
  return seeds;
}

bool Run(std::string_view input) {
  static const server::Model model = MakeModel();
  const auto request = server::ParseInfer(input, model, kMaxRows);
  if (!request) {
    HEDGEROW_CHECK(request.error().code == ErrorCode::kBadInput, "another error: " + request.error().ToString());
    HEDGEROW_CHECK(Json::accept(server::ErrorBody(request.error())), "an error that is no JSON");
    return false;
  }
  const std::size_t rows = request->cells.size() / model.width();
  HEDGEROW_CHECK(rows >= 1 && rows <= kMaxRows && request->cells.size() == rows * model.width(), "rows beyond limits");
  const std::vector<double> probabilities(rows * model.classes(), 0.5);
  HEDGEROW_CHECK(Json::accept(server::InferAnswer(*request, "shop", model, {probabilities, 1})), "no JSON");
  return true;
}

}  // namespace hedgerow::fuzz
