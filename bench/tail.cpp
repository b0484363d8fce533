// The tail of forgetting beside readers: records are forgotten one at a time while somebody asks at a steady rate, with
// what is too large for an update done in the background.
#include <fmt/format.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>
#include <random>

#include "bench/adversary.h"
#include "bench/data.h"
#include "bench/options.h"
#include "bench/pace.h"
#include "bench/quantiles.h"
#include "bench/report.h"
#include "bench/steady_reader.h"
#include "datasets/thread_priority.h"
#include "forest/background_executor.h"
#include "forest/quarantine.h"
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
  std::uint32_t large = 1'000;
  unlearn::DeferOptions defer;
  bool at_once = false;       // nothing is put off: for comparison
  bool score_always = false;  // nor is a split taken to stand for being robust
  bool adversarial = false;   // whoever makes the least robust large node weaker, not just anybody
  unsigned threads = 2;
};

// How often rows of the test set would meet a quarantined place now.
class QuarantineWatch {
 public:
  QuarantineWatch(const Data& data, const Model& model) : data_(data), model_(model) {}

  void Look() {
    const auto lock = model_.Lock();
    for (std::size_t i = 0; i < kRows; ++i, ++rows_) {
      const auto row = data_.test.row(rows_ % data_.test.size());
      const auto& trees = model_.forest().trees();
      const auto met = static_cast<std::size_t>(
          std::count_if(trees.begin(), trees.end(), [&](const forest::Tree& tree) { return Meets(tree, row.data()); }));
      places_ += met;
      if (met != 0) ++met_;
    }
  }
  double share_of_predictions() const {
    return rows_ == 0 ? 0 : static_cast<double>(met_) / static_cast<double>(rows_);
  }
  double places_a_prediction() const {
    return rows_ == 0 ? 0 : static_cast<double>(places_) / static_cast<double>(rows_);
  }

 private:
  static constexpr std::size_t kRows = 4;

  static bool Meets(const forest::Tree& tree, const datasets::Cell* row) {
    const forest::Subtree* at = &tree.root;
    while (at->node() != nullptr && !at->node()->leaf()) {
      at = at->node()->split.Left(row[at->node()->split.attribute]) ? &at->node()->left : &at->node()->right;
    }
    return at->quarantine() != nullptr;
  }

  const Data& data_;
  const Model& model_;
  std::size_t rows_ = 0, met_ = 0, places_ = 0;
};

struct Run {
  Latencies forget;
  SteadyReader::Answers before, during;
  unlearn::Effect effect;
  double most_waiting = 0, met = 0, places_met = 0;
  Model::Waiting waited;
  unlearn::Hedger::Sum hedges;
  bool equal = false;
};

// Who is to be forgotten next, over and over.
using Next = std::function<datasets::RecordId()>;

Next RandomRecords(const Data& data) {
  std::vector<datasets::RecordId> ids = data.train.ids;
  std::shuffle(ids.begin(), ids.end(), std::mt19937_64(7));
  return [ids = std::move(ids)]() mutable {
    const datasets::RecordId id = ids.back();
    ids.pop_back();
    return id;
  };
}

void ForgetSome(const Data& data, const Options& options, const Next& next, Model& model, Run& run) {
  constexpr std::size_t kForgetsALook = 10;
  const std::size_t forgets = std::min(options.forgets, data.train.size() / 2);
  QuarantineWatch watch(data, model);
  Pace pace(options.forgets_per_second);
  for (std::size_t i = 0; i < forgets; ++i) {
    const datasets::RecordId id = next();
    pace.Next();
    const Stopwatch stopwatch;
    run.effect += *model.Forget({&id, 1});
    run.forget.Add(stopwatch.Microseconds());
    run.most_waiting = std::max(run.most_waiting, model.waiting().share);
    if (i % kForgetsALook == 0) watch.Look();
  }
  run.met = watch.share_of_predictions();
  run.places_met = watch.places_a_prediction();
}

Run Measure(const Data& data, const Options& options, Model& model) {
  Run run;
  const auto executor = forest::MakeTbbExecutor(options.threads);
  SteadyReader before(data, model, options.reads_per_second);
  Pace(1).Next();
  run.before = before.Stop();
  std::optional<Adversary> adversary;
  if (options.adversarial) adversary.emplace(model, *executor, options.large);
  SteadyReader reader(data, model, options.reads_per_second);
  prctl(PR_SET_TIMERSLACK, 1);
  ForgetSome(data, options, adversary ? Next([&] { return adversary->Next(); }) : RandomRecords(data), model, run);
  run.during = reader.Stop();
  run.hedges = model.hedges();
  model.Settle();
  run.waited = model.waiting();
  forest::Forest regrown = model.Regrow(*executor);
  run.equal = regrown.Root(model.records(), *executor) == model.Root(*executor);
  return run;
}

Row Tell(const Data& data, const Model& model, const Run& run) {
  Row row{{"data", data.name}, {"records", data.train.size()}, {"occupancy", model.forest().parameters().occupancy}};
  run.forget.Describe("forget", row);
  const double forgets = static_cast<double>(run.forget.size());
  row["queued a forget"] = static_cast<double>(run.effect.queued) / forgets;
  row["nodes"] = static_cast<double>(run.effect.nodes) / forgets;
  row["scored"] = static_cast<double>(run.effect.scorings) / forgets;
  row["inline flips"] = static_cast<double>(run.effect.flips) / forgets;
  row["hedge hits"] = static_cast<double>(run.effect.hedge_hits) / forgets;
  row["hedges"] = run.hedges.hedges;
  row["hedge MB"] = static_cast<double>(run.hedges.bytes) / 1e6;
  row["quarantine p50 us"] = run.waited.lasted_p50_us;
  row["quarantine p99"] = run.waited.lasted_p99_us;
  row["most waiting"] = run.most_waiting;
  row["predictions that met one"] = run.met;
  row["trees of theirs"] = run.places_met;
  row["read p50 us"] = run.during.latencies.Quantile(0.5);
  row["read p99"] = run.during.latencies.Quantile(0.99);
  row["without forgets p50"] = run.before.latencies.Quantile(0.5);
  row["p99 without"] = run.before.latencies.Quantile(0.99);
  row["accuracy"] = run.during.accuracy();
  row["accuracy without"] = run.before.accuracy();
  row["equal"] = run.equal ? "yes" : "NO";
  return row;
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
  app.add_option("--place-records", options.defer.steps.records_placed)->capture_default_str();
  app.add_flag("--adversarial", options.adversarial, "forget whoever makes the least robust large node weaker");
  app.add_option("--large", options.large, "records of a large node, for the adversary")->capture_default_str();
  app.add_flag("--at-once", options.at_once, "put nothing off");
  app.add_flag("--score-always", options.score_always, "score every node on the way, however robust its split is");
  AddOutput(app, output);
  CLI11_PARSE(app, argc, argv);
  options.defer.now = SteadyNs;
  if (options.data.empty()) options.data = {"adult", "bank", "diabetes130", "people:1000000"};

  Report report("tail", output);
  bool all_equal = true;
  const auto background = forest::MakeBackgroundExecutor(datasets::StayBehind);
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
      if (options.score_always) model.ScoreAlways();
      if (!options.at_once) model.Defer(options.defer, *background);
      const Run run = Measure(data, options, model);
      all_equal = all_equal && run.equal;
      report.Add(Tell(data, model, run));
    }
  }
  report.Finish(fmt::format(
      "{} {}, {} a second; a reader asks {} times a second.", options.forgets,
      options.adversarial ? "records, each of which makes the least robust large node weaker" : "random records",
      options.forgets_per_second, options.reads_per_second));
  return all_equal ? 0 : 1;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Main(argc, argv);
}
