// How good the model is on each data set, and what it costs to train, to ask, to keep and to forget.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

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
  Output output;
  bool all_equal = true;
  app.add_option("data", names, "data sets, or people:RECORDSxFEATURES (default: all real ones)");
  app.add_option("--occupancies", occupancies, "trees a record, 0: the default")->delimiter(',')->capture_default_str();
  AddOutput(app, output);
  AddOptions(app, options);
  CLI11_PARSE(app, argc, argv);

  if (names.empty()) names = DefaultNames();
  Report report("model", output);
  for (const std::string& name : names) {
    const Data data = LoadData(name, options.parameters.seed);
    for (const unsigned occupancy : occupancies) {
      options.parameters.occupancy = occupancy;
      const Measurement m = Measure(data, options);
      Row row{{"data", data.name},
              {"records", data.train.size()},
              {"occupancy", m.parameters.occupancy},
              {"min_split", m.parameters.min_split}};
      DescribeQuality(m, row);
      DescribeCost(m, row);
      row["flips a forget"] =
          m.forget.size() == 0 ? 0 : static_cast<double>(m.effect.flips) / static_cast<double>(m.forget.size());
      row["equal"] = m.equal ? "yes" : "NO";
      row["forget tail"] = m.forget.Tail();
      all_equal = all_equal && m.equal;
      report.Add(row);
    }
  }
  report.Finish(
      fmt::format("{} trees, {} threads for training and batches of 10,000 rows, one for the rest; {} random records "
                  "are forgotten one at a time, inline; 'equal': then the forest grown anew has the same root.",
                  options.parameters.trees, options.threads, options.forgets));
  return all_equal ? 0 : 1;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Run(argc, argv);
}
