// Predicting labelled records to see how good the forest is, and showing the result.
//
// Thread rule: main thread only.
#pragma once

#include <functional>
#include <string>

#include "cli/common.h"
#include "cli/data.h"
#include "forest/metrics.h"
#include "unlearn/model.h"

namespace hedgerow::cli {

// Probabilities of rows of cells, wherever they are made.
using PredictRows = std::function<Status(const datasets::Cell* rows, std::size_t count, double* probabilities)>;

// Reads all of a labelled file. kBadInput if it has no record.
Result<forest::Metrics> Score(const server::Model& model, const PredictRows& predict, const std::string& path,
                              const std::string& id_column);
Result<forest::Metrics> Score(const unlearn::Model& model, const std::string& path, const std::string& id_column,
                              forest::Executor& executor);

// {"records","accuracy","auc","log_loss","classes","confusion"}; auc is null where it has no meaning.
Json ToJson(const forest::Metrics& metrics, const datasets::Schema& schema);
// "accuracy 0.736, AUC 0.733, log loss 0.551"
std::string ToString(const forest::Metrics& metrics);

}  // namespace hedgerow::cli
