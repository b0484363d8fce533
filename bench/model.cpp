// How good the model is on each data set, and what it costs to train, to ask, to keep and to forget.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/data.h"
#include "bench/experiment.h"
#include "bench/options.h"
#include "bench/report.h"

namespace hedgerow::bench {
namespace {

int Run(int argc, char** argv) {
  CLI::App app("Quality, training, prediction, memory and forgetting, a row a data set");
  ExperimentOptions options;
  options.verify = true;
  std::vector<std::string> names;
  std::vector<unsigned> occupancies = {0, 10};
  bool json = false;
  app.add_option("data", names, "data sets, or people:RECORDSxFEATURES (default: all real ones)");
  app.add_option("--occupancies", occupancies, "trees a record, 0: the default")->delimiter(',')->capture_default_str();
  AddOptions(app, options, json);
  CLI11_PARSE(app, argc, argv);

  if (names.empty()) names = RealNames();
  Report report("model", json);
  for (const std::string& name : names) {
    const Data data = LoadData(name, options.parameters.seed);
    for (const unsigned occupancy : occupancies) {
      options.parameters.occupancy = occupancy;
      const Measurement m = Measure(data, options);
      Row row{{"data", data.name}, {"records", data.train.size()}, {"occupancy", m.parameters.occupancy}};
      DescribeQuality(m, row);
      DescribeCost(m, row);
      row["flips a forget"] = static_cast<double>(m.effect.flips) / static_cast<double>(m.forget.size());
      row["equal"] = m.equal ? "yes" : "NO";
      report.Add(row);
    }
  }
  report.Finish(fmt::format("{} trees, {} threads for training and batches of 10,000 rows, one for the rest; {} random records "
                            "are forgotten one at a time, inline; 'equal': then the forest grown anew has the same root.",
                            options.parameters.trees, options.threads, options.forgets));
  return 0;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) { return hedgerow::bench::Run(argc, argv); }
