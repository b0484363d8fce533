#include "bench/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>

#include "forest/metrics.h"
#include "unlearn/model.h"

namespace hedgerow::bench {
namespace {

using unlearn::Model;

Model Train(const Data& data, const ExperimentOptions& options, Measurement& m) {
  const auto executor = forest::MakeTbbExecutor(options.threads);
  std::optional<Model> best;
  for (unsigned i = 0; i < options.trainings; ++i) {
    best.reset();
    const Stopwatch watch;
    auto model = Model::Train(options.parameters, data.schema, data.train, *executor);
    const double seconds = watch.Seconds();
    if (!model) {
      fmt::print(stderr, "bench: error: {}\n", model.error().ToString());
      std::exit(2);
    }
    if (i == 0 || seconds < m.train_s) m.train_s = seconds;
    best.emplace(std::move(*model));
  }
  return std::move(*best);
}

void Ask(const Data& data, const ExperimentOptions& options, const Model& model, Measurement& m) {
  const std::size_t classes = data.schema.classes.size();
  const std::size_t n = data.test.size();
  std::vector<double> probabilities(n * classes);
  const auto executor = forest::MakeTbbExecutor(options.threads);
  model.PredictBatch(data.test.cells.data(), n, probabilities.data(), *executor);
  const forest::Metrics metrics = forest::Evaluate(data.test.labels, probabilities, classes);
  m.accuracy = metrics.accuracy;
  m.auc = metrics.auc.value_or(0);
  m.log_loss = metrics.log_loss;

  constexpr std::size_t kRows = 10'000;
  std::vector<datasets::Cell> rows;
  rows.reserve(kRows * data.test.width);
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto row = data.test.row(i % n);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  std::vector<double> answers(kRows * classes);
  for (unsigned repeat = 0; repeat < options.batches; ++repeat) {
    const Stopwatch watch;
    model.PredictBatch(rows.data(), kRows, answers.data(), *executor);
    m.batch_rows_s = std::max(m.batch_rows_s, kRows / watch.Seconds());
  }
  std::vector<datasets::ClassCode> predicted(kRows);
  for (unsigned repeat = 0; repeat < options.batches; ++repeat) {
    const Stopwatch watch;
    model.PredictClasses(rows.data(), kRows, predicted.data(), *executor);
    m.class_rows_s = std::max(m.class_rows_s, kRows / watch.Seconds());
  }
  for (std::size_t i = 0; i < options.predictions; ++i) {
    const Stopwatch watch;
    model.Predict(data.test.row(i % n).data(), answers.data());
    m.predict.Add(watch.Microseconds());
  }
  for (std::size_t i = 0; i < options.predictions; ++i) {
    const Stopwatch watch;
    model.PredictClass(data.test.row(i % n).data(), predicted[0]);
    m.predict_class.Add(watch.Microseconds());
  }
}

void Forget(const Data& data, const ExperimentOptions& options, Model& model, Measurement& m) {
  std::vector<datasets::RecordId> ids = data.train.ids;
  std::mt19937_64 random(7);
  std::shuffle(ids.begin(), ids.end(), random);
  ids.resize(std::min(options.forgets, ids.size() / 2));
  for (const datasets::RecordId& id : ids) {
    const Stopwatch watch;
    const auto effect = model.Forget({&id, 1});
    m.forget.Add(watch.Microseconds());
    m.effect += *effect;
  }
  if (!options.verify) return;
  const auto executor = forest::MakeTbbExecutor(options.threads);
  forest::Forest regrown = model.Regrow(*executor);
  m.equal = regrown.Root(model.records(), *executor) == model.Root(*executor);
}

}  // namespace

Measurement Measure(const Data& data, const ExperimentOptions& options) {
  Measurement m;
  Model model = Train(data, options, m);
  m.parameters = model.forest().parameters();
  m.forest_bytes = static_cast<double>(model.forest().MemoryBytes());
  m.layout_bytes = static_cast<double>(model.LayoutBytes());
  m.record_bytes = static_cast<double>(model.records().MemoryBytes());
  Ask(data, options, model, m);
  Forget(data, options, model, m);
  return m;
}

void DescribeQuality(const Measurement& m, Row& row) {
  row["accuracy"] = m.accuracy;
  row["AUC"] = m.auc;
  row["log loss"] = m.log_loss;
}

void DescribeCost(const Measurement& m, Row& row) {
  row["train s"] = m.train_s;
  row["forest MB"] = m.forest_bytes / 1e6;
  row["layout MB"] = m.layout_bytes / 1e6;
  row["predict p50 us"] = m.predict.Quantile(0.5);
  row["predict p99"] = m.predict.Quantile(0.99);
  row["batch rows/s"] = static_cast<std::uint64_t>(m.batch_rows_s);
  row["class p50 us"] = m.predict_class.Quantile(0.5);
  row["class p99"] = m.predict_class.Quantile(0.99);
  row["classes rows/s"] = static_cast<std::uint64_t>(m.class_rows_s);
  m.forget.Describe("forget", row);
}

}  // namespace hedgerow::bench
