// How training, asking, keeping and forgetting grow with the number of records: synthetic people, a row a size.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <random>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/quantiles.h"
#include "bench/report.h"
#include "datasets/people.h"
#include "forest/metrics.h"
#include "unlearn/model.h"

namespace hedgerow::bench {
namespace {

using datasets::PeopleOptions;
using datasets::Table;

// People are made up and put into the records piece by piece: the whole table is never there besides.
constexpr std::uint64_t kPiece = 50'000;
constexpr std::uint64_t kTestRecords = 20'000;

forest::Records MakeRecords(const PeopleOptions& people, std::uint64_t seed, double& insert_s) {
  forest::Records records(people.features, seed);
  records.Reserve(people.records);
  const datasets::CategoryKey key = datasets::CategoryKeyFromSeed(seed);
  for (std::uint64_t first = 0; first < people.records; first += kPiece) {
    Table piece;
    piece.width = people.features;
    datasets::MakePeople(people, key, first, std::min(kPiece, people.records - first), piece);
    const Stopwatch watch;
    for (std::size_t i = 0; i < piece.size(); ++i) records.Insert(piece.ids[i], piece.labels[i], piece.row(i));
    insert_s += watch.Seconds();
  }
  return records;
}

void Ask(const PeopleOptions& people, const ExperimentOptions& options, const unlearn::Model& model, Row& row) {
  Table test;
  test.width = people.features;
  const datasets::CategoryKey key = datasets::CategoryKeyFromSeed(options.parameters.seed);
  datasets::MakePeople(people, key, people.records, kTestRecords, test);
  std::vector<double> answers(test.size() * people.classes);
  const auto executor = forest::MakeTbbExecutor(options.threads);
  const Stopwatch whole;
  model.PredictBatch(test.cells.data(), test.size(), answers.data(), *executor);
  const double seconds = whole.Seconds();
  row["AUC"] = forest::Evaluate(test.labels, answers, people.classes).auc.value_or(0);
  Latencies latencies;
  for (std::size_t i = 0; i < options.predictions; ++i) {
    const Stopwatch watch;
    model.Predict(test.row(i % test.size()).data(), answers.data());
    latencies.Add(watch.Microseconds());
  }
  row["predict p50 us"] = latencies.Quantile(0.5);
  row["predict p99"] = latencies.Quantile(0.99);
  row["batch rows/s"] = static_cast<std::uint64_t>(static_cast<double>(test.size()) / seconds);
}

void Forget(std::uint64_t records, std::size_t forgets, unlearn::Model& model, Row& row) {
  std::mt19937_64 random(7);
  Latencies latencies;
  unlearn::Effect effect;
  while (latencies.size() < std::min<std::uint64_t>(forgets, records / 2)) {
    const datasets::RecordId id = random() % records + 1;  // people's ids are 1 to their number
    if (!model.records().Find(id)) continue;
    const Stopwatch watch;
    effect += *model.Forget({&id, 1});
    latencies.Add(watch.Microseconds());
  }
  latencies.Describe("forget", row);
  const double asked = std::max<double>(1, static_cast<double>(latencies.size()));
  row["flips a forget"] = static_cast<double>(effect.flips) / asked;
  row["forget tail"] = latencies.Tail();
}

Row MeasureSize(const PeopleOptions& people, const ExperimentOptions& options) {
  const auto n = static_cast<double>(people.records);
  double train_s = 0;
  forest::Records records = MakeRecords(people, options.parameters.seed, train_s);
  forest::Forest forest(forest::Resolve(options.parameters, people.records, people.classes), PeopleSchema(people));
  const auto executor = forest::MakeTbbExecutor(options.threads);
  const Stopwatch watch;
  forest.Grow(records, *executor);
  train_s += watch.Seconds();
  unlearn::Model model(std::move(forest), std::move(records), *executor);

  Row row{{"records", people.records},
          {"features", people.features},
          {"occupancy", model.forest().parameters().occupancy},
          {"min_split", model.forest().parameters().min_split},
          {"train s", train_s}};
  Ask(people, options, model, row);
  row["forest MB"] = static_cast<double>(model.forest().MemoryBytes()) / 1e6;
  row["layout MB"] = static_cast<double>(model.LayoutBytes()) / 1e6;
  row["records MB"] = static_cast<double>(model.records().MemoryBytes()) / 1e6;
  const forest::MemoryParts memory = model.Memory();
  const auto bytes = static_cast<double>(forest::TotalBytes(memory));
  row["all MB"] = bytes / 1e6;
  row["times float32 rows"] = bytes / (n * people.features * sizeof(float));
  row["forest bytes a record"] = static_cast<double>(model.forest().MemoryBytes()) / n;
  row["record bytes"] = static_cast<double>(model.records().MemoryBytes()) / n;
  Row parts = Row::array();
  for (const auto& [name, part] : memory) parts.push_back({name, part.bytes, part.count});
  row["memory parts"] = parts;
  row["peak MB"] = static_cast<double>(PeakMemoryBytes()) / 1e6;
  Forget(people.records, options.forgets, model, row);
  return row;
}

int Run(int argc, char** argv) {
  CLI::App app("Training, prediction, memory and forgetting against the number of records");
  ExperimentOptions options;
  options.forgets = 2'000;
  options.parameters.occupancy = 10;
  PeopleOptions people{.features = 20};
  std::uint64_t max_records = 1'000'000;
  Output output;
  app.add_option("--max-records", max_records, "10,000 records, ten times as many, and so on to this")
      ->capture_default_str();
  app.add_option("--features", people.features)->check(CLI::Range(12, 4'096))->capture_default_str();
  app.add_option("--classes", people.classes)->check(CLI::Range(2, 256))->capture_default_str();
  app.add_option("--occupancy", options.parameters.occupancy, "trees a record, 0: the default")->capture_default_str();
  AddOutput(app, output);
  AddOptions(app, options);
  CLI11_PARSE(app, argc, argv);
  if (auto status = forest::Validate(options.parameters); !status) {
    fmt::print(stderr, "bench: error: {}\n", status.error().ToString());
    return 2;
  }

  Report report("scaling", output);
  for (people.records = 10'000; people.records <= max_records; people.records *= 10) {
    report.Add(MeasureSize(people, options));
  }
  report.Finish(fmt::format(
      "Synthetic people, {} features, {} trees, {} threads for training and for the batch of {} rows, one for "
      "the rest; {} random records are forgotten one at a time, inline. One training each, without making "
      "the people up. 'all MB' is all that the model has, with the allocator's share; then so many times the records' "
      "cells alone. 'peak MB' is the most that the process had by then, all in all.",
      people.features, options.parameters.trees, options.threads, kTestRecords, options.forgets));
  return 0;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Run(argc, argv);
}
