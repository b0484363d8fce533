// Requests and answers of the Open Inference Protocol, version 2, in JSON.
//
// One input a feature, by name, with as many values as there are rows; null or an empty text is a missing value.
// Outputs: "probabilities" (rows x classes) and "label".
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/result.h"
#include "server/model_info.h"
#include "server/prediction.h"

namespace hedgerow::server {

struct InferRequest {
  std::string id;                     // given back
  std::uint64_t not_before = 0;       // of parameters.not_before
  std::vector<datasets::Cell> cells;  // row by row
};

// kBadInput, which names an input and never repeats a value.
Result<InferRequest> ParseInfer(std::string_view body, const Model& model, std::uint32_t max_rows);
std::string InferAnswer(const InferRequest& request, const std::string& store, const Model& model,
                        const Prediction& prediction);
// What GET /v2/models/NAME answers.
std::string ModelMetadata(const std::string& store, const Model& model);
// {"error": "..."}
std::string ErrorBody(const Error& error);

}  // namespace hedgerow::server
