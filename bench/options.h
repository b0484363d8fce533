// The options that benchmarks have in common.
//
// Thread rule: one thread.
#pragma once

#include <CLI/CLI.hpp>

#include "bench/experiment.h"
#include "bench/report.h"

namespace hedgerow::bench {

inline void AddOutput(CLI::App& app, Output& output) {
  app.add_flag("--json", output.json, "one JSON object a row instead of a table");
  app.add_option("--json-file", output.file, "the same objects into a file, besides the table");
}

inline void AddOptions(CLI::App& app, ExperimentOptions& options) {
  forest::Parameters& p = options.parameters;
  app.add_option("--threads", options.threads, "threads for training and batches")->capture_default_str();
  app.add_option("--forgets", options.forgets, "records to forget, one at a time")->capture_default_str();
  app.add_option("--predictions", options.predictions, "single predictions")->capture_default_str();
  app.add_option("--trainings", options.trainings, "trainings, of which the fastest is told")->capture_default_str();
  app.add_option("--batches", options.batches, "batches of 10,000 rows, of which the fastest is told")
      ->capture_default_str();
  app.add_option("--seed", p.seed)->capture_default_str();
  app.add_option("--trees", p.trees)->capture_default_str();
  app.add_option("--max-depth", p.max_depth)->capture_default_str();
  app.add_option("--min-split", p.min_split, "0: the default")->capture_default_str();
  app.add_option("--min-leaf", p.min_leaf)->capture_default_str();
  app.add_option("--max-features", p.max_features, "0: all")->capture_default_str();
  app.add_option("--thresholds", p.thresholds)->capture_default_str();
  app.add_option("--smoothing", p.smoothing)->capture_default_str();
}

}  // namespace hedgerow::bench
