// What deleting half of all records does, one at a time: latency, robustness, accuracy and memory on the way, and that
// the forest at the end is the one grown without them. HedgeCut's budget is one record in a thousand.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <random>

#include "bench/data.h"
#include "bench/options.h"
#include "bench/pace.h"
#include "bench/quantiles.h"
#include "bench/report.h"
#include "bench/require.h"
#include "datasets/thread_priority.h"
#include "forest/background_executor.h"
#include "forest/statistics.h"
#include "unlearn/model.h"
#include "unlearn/robustness.h"

namespace hedgerow::bench {
namespace {

using unlearn::Model;

struct Options {
  std::string data = "adult";
  double share = 0.5;
  std::size_t rows = 25;
  std::uint32_t large = 128;
  forest::Parameters parameters{.occupancy = 10};
  unsigned threads = 2;
};

// The certificates of all splits of large nodes, in removals.
Latencies RobustnessOf(const Model& model, std::uint32_t large) {
  Latencies removals;
  const auto lock = model.Lock();
  const forest::Forest& forest = model.forest();
  for (const forest::Tree& tree : forest.trees()) {
    forest::ForEachNode(tree.root, [&](const forest::Node& node) {
      if (node.leaf() || node.records < large) return;
      const forest::Choice choice = forest::ChooseChampion(forest.context(), node);
      removals.Add(static_cast<double>(unlearn::RobustnessOf(forest.context(), node, choice).removals));
    });
  }
  return removals;
}

double AccuracyOf(const Model& model, const datasets::Table& test, forest::Executor& executor) {
  const std::size_t classes = model.forest().classes();
  std::vector<double> answers(test.size() * classes);
  model.PredictBatch(test.cells.data(), test.size(), answers.data(), executor);
  std::size_t right = 0;
  for (std::size_t i = 0; i < test.size(); ++i) {
    const auto first = answers.begin() + static_cast<std::ptrdiff_t>(i * classes);
    const auto likeliest = std::max_element(first, first + static_cast<std::ptrdiff_t>(classes)) - first;
    if (likeliest == test.labels[i]) ++right;
  }
  return static_cast<double>(right) / static_cast<double>(test.size());
}

Row Tell(const Data& data, const Options& options, Model& model, const Latencies& forgets, forest::Executor& executor) {
  model.Settle();
  const std::size_t gone = data.train.size() - model.records().size();
  Row row{{"data", data.name},
          {"gone", gone},
          {"share gone", static_cast<double>(gone) / static_cast<double>(data.train.size())}};
  forgets.Describe("forget", row);
  const Latencies removals = RobustnessOf(model, options.large);
  row["large splits"] = removals.size();
  row["survive p10 removals"] = removals.Quantile(0.1);
  row["p50 removals"] = removals.Quantile(0.5);
  row["accuracy"] = AccuracyOf(model, data.test, executor);
  const auto lock = model.Lock();
  row["forest MB"] = static_cast<double>(model.forest().MemoryBytes()) / 1e6;
  row["layout MB"] = static_cast<double>(model.LayoutBytes()) / 1e6;
  row["records MB"] = static_cast<double>(model.records().MemoryBytes()) / 1e6;
  return row;
}

int Main(int argc, char** argv) {
  CLI::App app("Forgetting half of all records, one at a time");
  Options options;
  Output output;
  app.add_option("data", options.data, "a data set, or people:RECORDSxFEATURES")->capture_default_str();
  app.add_option("--share", options.share, "of the records that go")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str();
  app.add_option("--rows", options.rows, "of the table")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--occupancy", options.parameters.occupancy, "trees a record, 0: the default")->capture_default_str();
  app.add_option("--large", options.large, "records of a node whose robustness is told")->capture_default_str();
  AddOutput(app, output);
  CLI11_PARSE(app, argc, argv);

  const Data data = LoadData(options.data, options.parameters.seed);
  const auto executor = forest::MakeTbbExecutor(options.threads);
  const auto background = forest::MakeBackgroundExecutor(datasets::StayBehind);
  Model model = Get(Model::Train(options.parameters, data.schema, data.train, *executor));
  model.Defer({}, *background);
  std::vector<datasets::RecordId> ids = data.train.ids;
  std::shuffle(ids.begin(), ids.end(), std::mt19937_64(11));

  Report report("budget", output);
  const auto all = static_cast<std::size_t>(options.share * static_cast<double>(ids.size()));
  std::size_t gone = 0;
  for (std::size_t part = 1; part <= options.rows; ++part) {
    Latencies forgets;
    Pace(20).Next();  // threads that have just worked for Tell look for more for some milliseconds
    for (const std::size_t end = all * part / options.rows; gone < end; ++gone) {
      const Stopwatch watch;
      Get(model.Forget({&ids[gone], 1}));
      forgets.Add(watch.Microseconds());
    }
    report.Add(Tell(data, options, model, forgets, *executor));
  }
  forest::Forest regrown = model.Regrow(*executor);
  const bool equal = regrown.Root(model.records(), *executor) == model.Root(*executor);
  report.Finish(
      fmt::format("Random records, one after the other without a pause; occupancy {}. A split of a node of at least {} "
                  "records certainly survives so many removals. At the end the forest is {} the one grown anew.",
                  model.forest().parameters().occupancy, options.large, equal ? "equal to" : "NOT"));
  return equal ? 0 : 1;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Main(argc, argv);
}
