// The sweep from which the default parameters were chosen: each parameter is varied around the defaults, a row a
// value, on several seeds. What it buys in quality, and what it costs to train, to keep and to forget.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <functional>

#include "bench/data.h"
#include "bench/experiment.h"
#include "bench/options.h"
#include "bench/report.h"

namespace hedgerow::bench {
namespace {

using forest::Parameters;

// A parameter, and the values that it is to take.
struct Knob {
  std::string name;
  std::vector<double> values;
  std::function<void(Parameters&, double value, std::size_t width)> set;
  std::function<double(const Parameters&)> get;
};

template <class Number>
Knob MakeKnob(std::string name, Number Parameters::*member, std::vector<double> values) {
  return {std::move(name), std::move(values),
          [member](Parameters& p, double value, std::size_t) { p.*member = static_cast<Number>(value); },
          [member](const Parameters& p) { return static_cast<double>(p.*member); }};
}

std::vector<Knob> MakeKnobs() {
  std::vector<Knob> knobs = {MakeKnob("thresholds", &Parameters::thresholds, {1, 2, 3, 4, 8}),
                             MakeKnob("min_split", &Parameters::min_split, {2, 5, 10, 20, 40}),
                             MakeKnob("occupancy", &Parameters::occupancy, {5, 10, 20, 50, 100}),
                             MakeKnob("max_features", &Parameters::max_features, {0.25, 0.5, 0.75}),
                             MakeKnob("min_leaf", &Parameters::min_leaf, {2, 5}),
                             MakeKnob("smoothing", &Parameters::smoothing, {0, 0.5, 2, 5}),
                             MakeKnob("max_depth", &Parameters::max_depth, {10, 15, 30})};
  for (Knob& knob : knobs) {
    if (knob.name != "max_features") continue;
    knob.set = [](Parameters& p, double value, std::size_t width) {  // below 1: a share of the features
      p.max_features = static_cast<std::uint32_t>(std::lround(value < 1 ? value * static_cast<double>(width) : value));
    };
  }
  return knobs;
}

struct Summary {
  double mean = 0, spread = 0;  // spread: the standard deviation over the seeds
};

Summary Summarise(const std::vector<Measurement>& all, double Measurement::*figure) {
  Summary s;
  const auto n = static_cast<double>(all.size());
  for (const Measurement& m : all) s.mean += m.*figure / n;
  for (const Measurement& m : all) s.spread += (m.*figure - s.mean) * (m.*figure - s.mean);
  s.spread = all.size() < 2 ? 0 : std::sqrt(s.spread / (n - 1));
  return s;
}

// Categories are hashed with the seed, so each seed has its own encoding of the data.
std::vector<Measurement> MeasureSeeds(const std::vector<Data>& data, ExperimentOptions options) {
  std::vector<Measurement> all;
  for (std::size_t i = 0; i < data.size(); ++i) {
    options.parameters.seed = i + 1;
    all.push_back(Measure(data[i], options));
  }
  return all;
}

Row Describe(const Data& data, const std::string& varied, double value, const std::vector<Measurement>& all) {
  const Parameters& p = all.front().parameters;
  Row row{{"data", data.name},          {"varied", varied},         {"value", value},          {"seeds", all.size()},
          {"thresholds", p.thresholds}, {"min_split", p.min_split}, {"occupancy", p.occupancy}};
  const Summary auc = Summarise(all, &Measurement::auc), accuracy = Summarise(all, &Measurement::accuracy);
  row["AUC"] = auc.mean;
  row["+- AUC"] = auc.spread;
  row["accuracy"] = accuracy.mean;
  row["+- accuracy"] = accuracy.spread;
  row["log loss"] = Summarise(all, &Measurement::log_loss).mean;
  row["train s"] = Summarise(all, &Measurement::train_s).mean;
  row["forest MB"] = Summarise(all, &Measurement::forest_bytes).mean / 1e6;
  Latencies forget, predict;
  for (const Measurement& m : all) {
    forget.Add(m.forget);
    predict.Add(m.predict);
  }
  row["predict p50 us"] = predict.Quantile(0.5);
  row["forget p50 us"] = forget.Quantile(0.5);
  row["forget p99"] = forget.Quantile(0.99);
  return row;
}

// One parameter at a time, the others at their defaults; those values that are the default are in its row already.
void VaryOne(const std::vector<Data>& data, const std::vector<Knob>& knobs, const ExperimentOptions& options,
             Report& report) {
  const std::vector<Measurement> defaults = MeasureSeeds(data, options);
  report.Add(Describe(data.front(), "defaults", 0, defaults));
  for (const Knob& knob : knobs) {
    for (const double value : knob.values) {
      ExperimentOptions varied = options;
      knob.set(varied.parameters, value, data.front().train.width);
      if (knob.get(varied.parameters) == knob.get(defaults.front().parameters)) continue;
      if (varied.parameters.occupancy > varied.parameters.trees) continue;
      report.Add(Describe(data.front(), knob.name, value, MeasureSeeds(data, varied)));
    }
  }
}

// Every value of each parameter with every value of all others.
void VaryAll(const std::vector<Data>& data, const std::vector<Knob>& knobs, ExperimentOptions options, std::size_t next,
             Report& report) {
  if (next == knobs.size()) return report.Add(Describe(data.front(), "grid", 0, MeasureSeeds(data, options)));
  for (const double value : knobs[next].values) {
    knobs[next].set(options.parameters, value, data.front().train.width);
    VaryAll(data, knobs, options, next + 1, report);
  }
}

int Run(int argc, char** argv) {
  CLI::App app("Quality and cost against the parameters, each varied around its default");
  ExperimentOptions options;
  options.forgets = 500;
  options.predictions = 2'000;
  options.batches = 0;
  options.trainings = 1;
  std::vector<std::string> names, varied;
  std::vector<Knob> knobs = MakeKnobs();
  std::size_t seeds = 3;
  bool grid = false;
  Output output;
  app.add_option("data", names, "data sets, or people:RECORDSxFEATURES (default: all real ones)");
  app.add_option("--seeds", seeds, "seeds 1 to this")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--vary", varied, "only these parameters, as thresholds,min_split")->delimiter(',');
  app.add_flag("--grid", grid, "all values of the varied parameters with one another, not one at a time");
  app.add_option("--threads", options.threads, "threads for training")->capture_default_str();
  app.add_option("--trees", options.parameters.trees)->capture_default_str();
  app.add_option("--forgets", options.forgets, "records to forget for each seed, one at a time")->capture_default_str();
  for (Knob& knob : knobs) {
    app.add_option("--" + knob.name, knob.values, "values of " + knob.name)->delimiter(',')->capture_default_str();
  }
  AddOutput(app, output);
  CLI11_PARSE(app, argc, argv);
  for (const std::string& name : varied) {
    if (std::none_of(knobs.begin(), knobs.end(), [&](const Knob& knob) { return knob.name == name; })) {
      fmt::print(stderr, "bench: error: '{}' is none of the parameters that can be varied (see --help)\n", name);
      return 2;
    }
  }
  std::erase_if(knobs, [&](const Knob& knob) {
    return !varied.empty() && std::find(varied.begin(), varied.end(), knob.name) == varied.end();
  });

  if (names.empty()) names = DefaultNames();
  Report report("parameters", output);
  for (const std::string& name : names) {
    std::vector<Data> data;
    for (std::size_t seed = 1; seed <= seeds; ++seed) data.push_back(LoadData(name, seed));
    grid ? VaryAll(data, knobs, options, 0, report) : VaryOne(data, knobs, options, report);
  }
  report.Finish(
      fmt::format("{} trees; means over seeds 1 to {}, '+-' is the standard deviation over them; {} random records are "
                  "forgotten one at a time for each seed, by one thread, inline. max_features below 1 is a share.",
                  options.parameters.trees, seeds, options.forgets));
  return 0;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Run(argc, argv);
}
