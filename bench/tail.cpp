// The tail of forgetting beside readers: records are forgotten one at a time while somebody asks at a steady rate, with
// what is too large for an update done in the background.
#include <fmt/format.h>
#include <sys/prctl.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include "bench/data.h"
#include "bench/options.h"
#include "bench/quantiles.h"
#include "bench/report.h"
#include "forest/background_executor.h"
#include "unlearn/model.h"

namespace hedgerow::bench {
namespace {

using unlearn::Model;

struct Options {
  std::vector<std::string> data;
  std::vector<unsigned> occupancies = {10, 0};
  std::size_t forgets = 10'000;
  double reads_per_second = 20'000;
  double forgets_per_second = 1'000;
  forest::Parameters parameters;
  unlearn::DeferOptions defer;
  bool at_once = false;  // nothing is put off: for comparison
  unsigned threads = 2;
};

// Waits for moments that lie evenly in time; a late caller does not wait, so no moment is left out.
class Pace {
 public:
  explicit Pace(double per_second) : period_ns_(per_second > 0 ? 1e9 / per_second : 0) {
    clock_gettime(CLOCK_MONOTONIC, &start_);
  }
  void Next() {
    if (period_ns_ == 0) return;
    const double ns = period_ns_ * static_cast<double>(++count_);
    timespec at = start_;
    at.tv_sec += static_cast<time_t>(ns / 1e9);
    at.tv_nsec += static_cast<long>(ns - 1e9 * static_cast<double>(static_cast<time_t>(ns / 1e9)));
    if (at.tv_nsec >= 1'000'000'000) {
      ++at.tv_sec;
      at.tv_nsec -= 1'000'000'000;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
  }

 private:
  double period_ns_;
  timespec start_{};
  std::uint64_t count_ = 0;
};

// Asks for rows of the test set at a steady rate until it is stopped.
class Reader {
 public:
  Reader(const Data& data, const Model& model, double per_second)
      : thread_([this, &data, &model, per_second] { Run(data, model, per_second); }) {}
  Latencies Stop() {
    stop_ = true;
    thread_.join();
    return std::move(latencies_);
  }

 private:
  void Run(const Data& data, const Model& model, double per_second) {
    prctl(PR_SET_TIMERSLACK, 1);
    std::vector<double> answer(data.schema.classes.size());
    Pace pace(per_second);
    for (std::size_t i = 0; !stop_; ++i) {
      pace.Next();
      const Stopwatch watch;
      model.Predict(data.test.row(i % data.test.size()).data(), answer.data());
      latencies_.Add(watch.Microseconds());
    }
  }

  std::atomic<bool> stop_ = false;
  Latencies latencies_;
  std::thread thread_;
};

struct Run {
  Latencies forget, exact, reads, reads_before;
  unlearn::Effect effect;
  double most_waiting = 0;
  unlearn::Hedger::Sum hedges;
  bool equal = false;
};

Run Measure(const Data& data, const Options& options, Model& model) {
  Run run;
  Reader before(data, model, options.reads_per_second);
  Pace(1).Next();
  run.reads_before = before.Stop();
  std::vector<datasets::RecordId> ids = data.train.ids;
  std::mt19937_64 random(7);
  std::shuffle(ids.begin(), ids.end(), random);
  ids.resize(std::min(options.forgets, ids.size() / 2));
  Reader reader(data, model, options.reads_per_second);
  prctl(PR_SET_TIMERSLACK, 1);
  Pace pace(options.forgets_per_second);
  for (const datasets::RecordId& id : ids) {
    pace.Next();
    const Stopwatch watch;
    run.effect += *model.Forget({&id, 1});
    run.forget.Add(watch.Microseconds());
    run.most_waiting = std::max(run.most_waiting, model.waiting().share);
  }
  model.Settle();
  run.hedges = model.hedges();
  run.reads = reader.Stop();
  const auto executor = forest::MakeTbbExecutor(options.threads);
  forest::Forest regrown = model.Regrow(*executor);
  run.equal = regrown.Root(model.records(), *executor) == model.Root(*executor);
  return run;
}

int Main(int argc, char** argv) {
  CLI::App app("Forgetting one record at a time beside a reader, with large work in the background");
  Options options;
  Output output;
  app.add_option("data", options.data, "data sets, or people:RECORDSxFEATURES");
  app.add_option("--occupancies", options.occupancies, "trees a record, 0: the default")->delimiter(',');
  app.add_option("--forgets", options.forgets)->capture_default_str();
  app.add_option("--reads-per-second", options.reads_per_second)->capture_default_str();
  app.add_option("--forgets-per-second", options.forgets_per_second, "0: one after the other")->capture_default_str();
  app.add_option("--inline-records", options.defer.inline_records)->capture_default_str();
  app.add_option("--hedge-horizon", options.defer.hedges.horizon, "0: no hedges")->capture_default_str();
  app.add_option("--hedge-min-records", options.defer.hedges.min_records)->capture_default_str();
  app.add_option("--inline-counted", options.defer.inline_counted)->capture_default_str();
  app.add_option("--rows-copied", options.defer.steps.rows_copied)->capture_default_str();
  app.add_option("--busy-places", options.defer.busy_places)->capture_default_str();
  app.add_option("--busy-inline-records", options.defer.busy_inline_records)->capture_default_str();
  app.add_option("--queue-limit", options.defer.queue_limit)->capture_default_str();
  app.add_option("--step-records", options.defer.steps.records_grown)->capture_default_str();
  app.add_flag("--at-once", options.at_once, "put nothing off");
  AddOutput(app, output);
  CLI11_PARSE(app, argc, argv);
  if (options.data.empty()) options.data = {"adult", "bank", "diabetes130", "people:1000000"};

  Report report("tail", output);
  bool all_equal = true;
  const auto arena = forest::MakeTbbBackground();
  for (const std::string& name : options.data) {
    const Data data = LoadData(name, options.parameters.seed);
    for (const unsigned occupancy : options.occupancies) {
      options.parameters.occupancy = occupancy;
      const auto executor = forest::MakeTbbExecutor(options.threads);
      auto trained = Model::Train(options.parameters, data.schema, data.train, *executor);
      if (!trained) {
        fmt::print(stderr, "bench: error: {}\n", trained.error().ToString());
        return 2;
      }
      Model model = std::move(*trained);
      if (!options.at_once) model.Defer(options.defer, *arena);
      const Run run = Measure(data, options, model);
      Row row{
          {"data", data.name}, {"records", data.train.size()}, {"occupancy", model.forest().parameters().occupancy}};
      run.forget.Describe("forget", row);
      const double forgets = static_cast<double>(run.forget.size());
      row["queued a forget"] = static_cast<double>(run.effect.queued) / forgets;
      row["inline flips"] = static_cast<double>(run.effect.flips) / forgets;
      row["hedge hits"] = static_cast<double>(run.effect.hedge_hits) / forgets;
      row["hedges"] = run.hedges.hedges;
      row["hedge MB"] = static_cast<double>(run.hedges.bytes) / 1e6;
      row["most waiting"] = run.most_waiting;
      row["read p50 us"] = run.reads.Quantile(0.5);
      row["read p99"] = run.reads.Quantile(0.99);
      row["without forgets p50"] = run.reads_before.Quantile(0.5);
      row["p99 without"] = run.reads_before.Quantile(0.99);
      row["equal"] = run.equal ? "yes" : "NO";
      all_equal = all_equal && run.equal;
      report.Add(row);
    }
  }
  report.Finish(fmt::format("{} random records, {} a second; a reader asks {} times a second.", options.forgets,
                            options.forgets_per_second, options.reads_per_second));
  return all_equal ? 0 : 1;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Main(argc, argv);
}
