// The options that all benchmarks of a model have.
//
// Thread rule: one thread.
#pragma once

#include <CLI/CLI.hpp>

#include "bench/experiment.h"

namespace hedgerow::bench {

inline void AddOptions(CLI::App& app, ExperimentOptions& options, bool& json) {
  forest::Parameters& p = options.parameters;
  app.add_flag("--json", json, "one JSON object a row");
  app.add_option("--threads", options.threads, "threads for training and batches")->capture_default_str();
  app.add_option("--forgets", options.forgets, "records to forget, one at a time")->capture_default_str();
  app.add_option("--predictions", options.predictions, "single predictions")->capture_default_str();
  app.add_option("--trainings", options.trainings, "trainings, of which the fastest is told")->capture_default_str();
  app.add_option("--seed", p.seed)->capture_default_str();
  app.add_option("--trees", p.trees)->capture_default_str();
  app.add_option("--max-depth", p.max_depth)->capture_default_str();
  app.add_option("--min-split", p.min_split)->capture_default_str();
  app.add_option("--min-leaf", p.min_leaf)->capture_default_str();
  app.add_option("--max-features", p.max_features)->capture_default_str();
  app.add_option("--thresholds", p.thresholds)->capture_default_str();
  app.add_option("--smoothing", p.smoothing)->capture_default_str();
}

}  // namespace hedgerow::bench
