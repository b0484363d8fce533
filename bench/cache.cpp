// What kept answers cost and save: rows that always come again, that never do, and that come again as people do, some
// often and most seldom; with deletions in between, after each of which nothing is kept.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <random>

#include "bench/data.h"
#include "bench/experiment.h"
#include "bench/options.h"
#include "bench/report.h"
#include "bench/require.h"
#include "unlearn/model.h"

namespace hedgerow::bench {
namespace {

using unlearn::Model;

constexpr std::size_t kBlock = 200;  // calls a time taken, so that the clock does not count

struct Load {
  const char* name;
  std::size_t rows;            // that are asked about
  double skew;                 // row r is asked about in proportion to 1 / r^skew
  std::size_t calls_a_forget;  // 0: nobody is forgotten
};

// The median of the blocks, in us a call.
double Measure(const Data& data, const Load& load, std::size_t calls, Model& model) {
  const std::size_t rows = std::min(load.rows, data.test.size());
  std::vector<double> weights(rows);
  for (std::size_t r = 0; r < rows; ++r) weights[r] = 1 / std::pow(static_cast<double>(r + 1), load.skew);
  std::discrete_distribution<std::size_t> draw(weights.begin(), weights.end());
  std::mt19937_64 random(5);
  std::vector<std::size_t> asked(calls);
  for (std::size_t& row : asked) row = draw(random);
  std::vector<double> answer(data.schema.classes.size());
  Latencies blocks;
  std::size_t forgotten = 0, until_forget = load.calls_a_forget;
  for (std::size_t at = 0; at + kBlock <= calls;) {
    double us = 0;
    // Forgetting is between the pieces that are timed.
    for (std::size_t end = at + kBlock; at < end;) {
      const std::size_t n = until_forget == 0 ? end - at : std::min(end - at, until_forget);
      const Stopwatch watch;
      for (std::size_t i = 0; i < n; ++i) model.Predict(data.test.row(asked[at + i]).data(), answer.data());
      us += watch.Microseconds();
      at += n;
      if (load.calls_a_forget == 0) continue;
      until_forget -= n;
      if (until_forget != 0) continue;
      until_forget = load.calls_a_forget;
      Get(model.Forget({&data.train.ids[forgotten++], 1}));
    }
    blocks.Add(us / kBlock);
  }
  return blocks.Quantile(0.5);
}

int Run(int argc, char** argv) {
  CLI::App app("Single predictions with and without kept answers");
  ExperimentOptions options;
  options.parameters.occupancy = 10;
  options.predictions = 200'000;
  std::vector<std::string> names;
  std::size_t megabytes = 16;
  Output output;
  app.add_option("data", names, "data sets, or people:RECORDSxFEATURES (default: all real ones)");
  app.add_option("--cache-megabytes", megabytes, "MiB of kept answers")->capture_default_str();
  app.add_option("--occupancy", options.parameters.occupancy, "trees a record, 0: the default")->capture_default_str();
  AddOutput(app, output);
  AddOptions(app, options);
  CLI11_PARSE(app, argc, argv);

  if (names.empty()) names = DefaultNames();
  Report report("cache", output);
  const auto executor = forest::MakeTbbExecutor(options.threads);
  for (const std::string& name : names) {
    const Data data = LoadData(name, options.parameters.seed);
    for (const Load& load : {Load{"100 rows again and again", 100, 0, 0}, Load{"all rows, some often", 1'000'000, 1, 0},
                             Load{"the same, a deletion every 10,000 calls", 1'000'000, 1, 10'000},
                             Load{"the same, a deletion every 100 calls", 1'000'000, 1, 100},
                             Load{"all rows alike, a deletion every 100 calls", 1'000'000, 0, 100}}) {
      double us[2] = {};
      unlearn::ResultCache::Counts counts;
      for (const bool with : {false, true}) {
        Model model = Get(Model::Train(options.parameters, data.schema, data.train, *executor));
        model.CacheResults(with ? megabytes << 20U : 0);
        us[with ? 1 : 0] = Measure(data, load, options.predictions, model);
        counts = model.cached();
      }
      report.Add({{"data", data.name},
                  {"load", load.name},
                  {"without us", us[0]},
                  {"with us", us[1]},
                  {"hits %", 100.0 * static_cast<double>(counts.hits) /
                                 static_cast<double>(std::max<std::uint64_t>(1, counts.hits + counts.misses))}});
    }
  }
  report.Finish(
      fmt::format("Single rows on one thread, median of blocks of {} calls, {} MiB of kept answers. Some "
                  "often: row r comes in proportion to 1 / r.",
                  kBlock, megabytes));
  return 0;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Run(argc, argv);
}
