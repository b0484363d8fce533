// Predicting labelled records to see how good the forest is, and showing the result.
//
// Thread rule: main thread only.
#pragma once

#include <string>

#include "cli/common.h"
#include "cli/data.h"
#include "forest/metrics.h"
#include "unlearn/model.h"

namespace hedgerow::cli {

// Reads all of a labelled file. kBadInput if it has no record.
Result<forest::Metrics> Score(const unlearn::Model& model, const std::string& path, const std::string& id_column,
                              forest::Executor& executor);

// {"records","accuracy","auc","log_loss","classes","confusion"}; auc is null where it has no meaning.
Json ToJson(const forest::Metrics& metrics, const datasets::Schema& schema);
// "accuracy 0.736, AUC 0.733, log loss 0.551"
std::string ToString(const forest::Metrics& metrics);

}  // namespace hedgerow::cli
