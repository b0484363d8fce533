#include "cli/scoring.h"

#include <fmt/format.h>

#include <vector>

#include "cli/progress.h"

namespace hedgerow::cli {

Result<forest::Metrics> Score(const unlearn::Model& model, const std::string& path, const std::string& id_column,
                              forest::Executor& executor) {
  const forest::Forest& forest = model.forest();
  const server::Model described{forest.schema(), forest.parameters(),
                                datasets::CategoryKeyFromSeed(forest.parameters().seed)};
  const auto predict = [&](const datasets::Cell* rows, std::size_t count, double* probabilities) -> Status {
    model.PredictBatch(rows, count, probabilities, executor);
    return {};
  };
  return Score(described, predict, path, id_column);
}

Result<forest::Metrics> Score(const server::Model& model, const PredictRows& predict, const std::string& path,
                              const std::string& id_column) {
  auto source = OpenSource(model.schema, {.path = path,
                                          .purpose = Purpose::kScore,
                                          .columns = {.id = id_column, .subject = "", .subjects_file = ""},
                                          .key = model.key});
  if (!source) return source.error();
  Progress progress("evaluating");
  datasets::Table table;
  table.width = model.width();
  std::vector<datasets::ClassCode> labels;
  std::vector<double> probabilities;
  while (true) {
    Clear(table);
    const Result<std::size_t> read = source->reader->Read(table, kBatch);
    if (!read) return read.error();
    if (*read == 0) break;
    const std::size_t end = probabilities.size();
    probabilities.resize(end + table.size() * model.classes());
    if (Status status = predict(table.cells.data(), table.size(), probabilities.data() + end); !status) {
      return status.error();
    }
    labels.insert(labels.end(), table.labels.begin(), table.labels.end());
    progress.Update(source->reader->csv().bytes_read(), source->reader->csv().bytes_total());
  }
  if (!labels.empty()) return forest::Evaluate(labels, probabilities, model.classes());
  return Error{ErrorCode::kBadInput, "there is a header and no record", path, "add a line for each record"};
}

Json ToJson(const forest::Metrics& metrics, const datasets::Schema& schema) {
  Json confusion = Json::array();
  const std::size_t classes = schema.classes.size();
  for (std::size_t y = 0; y < classes; ++y) {
    const auto row = metrics.confusion.begin() + static_cast<std::ptrdiff_t>(y * classes);
    confusion.push_back(std::vector<std::uint64_t>(row, row + static_cast<std::ptrdiff_t>(classes)));
  }
  return {{"records", metrics.records},
          {"accuracy", metrics.accuracy},
          {"auc", metrics.auc ? Json(*metrics.auc) : Json(nullptr)},
          {"log_loss", metrics.log_loss},
          {"classes", schema.classes},
          {"confusion", confusion}};
}

std::string ToString(const forest::Metrics& metrics) {
  return fmt::format("accuracy {:.3f}, AUC {}, log loss {:.3f}", metrics.accuracy,
                     metrics.auc ? fmt::format("{:.3f}", *metrics.auc) : "undefined", metrics.log_loss);
}

}  // namespace hedgerow::cli
