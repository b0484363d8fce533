// hedgerow load: how quick a server is under load.
#include <fmt/format.h>

#include <csignal>
#include <memory>

#include "cli/connect.h"
#include "cli/data.h"
#include "cli/format.h"
#include "cli/load_run.h"
#include "cli/load_sync.h"
#include "cli/options.h"
#include "cli/verbs.h"

namespace hedgerow::cli {
namespace {

struct LoadOptions {
  Where where;
  std::string data, id, wait = "unlearned", sync_in;
  std::uint32_t predict = 1'000, batch = 0, forget = 0, learn = 0;
  std::uint32_t batch_rows = 1'000, connections = 2, seconds = 10, throughput_s = 0, on_their_way = 256;
  bool class_only = false;
};

constexpr double kWarmUp = 0.5;  // seconds

Json ToJson(const LoadResult& result, double units = 1) {
  return {{"count", result.latency.count()},
          {"per_second", static_cast<double>(result.latency.count()) * units / result.seconds},
          {"p50_us", result.latency.QuantileUs(0.5)},
          {"p90_us", result.latency.QuantileUs(0.9)},
          {"p99_us", result.latency.QuantileUs(0.99)},
          {"p999_us", result.latency.QuantileUs(0.999)},
          {"max_us", result.latency.MaxUs()},
          {"overloaded", result.overloaded.load()},
          {"failed", result.failed.load()}};
}

std::string ToText(const std::string& name, const Json& result) {
  return fmt::format("  {:<22}{:>11.0f}/s  {:>9}{:>9}{:>9}{:>9}{:>10}  {}\n", name, result["per_second"].get<double>(),
                     Micros(result["p50_us"]), Micros(result["p90_us"]), Micros(result["p99_us"]),
                     Micros(result["p999_us"]), Micros(result["max_us"]),
                     result["overloaded"].get<std::uint64_t>() + result["failed"].get<std::uint64_t>() == 0
                         ? ""
                         : fmt::format("{} overloaded, {} failed", result["overloaded"].get<std::uint64_t>(),
                                       result["failed"].get<std::uint64_t>()));
}

Result<std::unique_ptr<LoadRun>> Prepare(const LoadOptions& options) {
  std::vector<std::unique_ptr<server::Client>> clients;
  for (std::uint32_t i = 0; i < options.connections; ++i) {
    auto client = ConnectTo(options.where);
    if (!client) return client.error();
    clients.push_back(std::move(*client));
  }
  const auto info = clients.front()->Info();
  if (!info) return info.error();
  // As `train` reads it, so that the ids are the store's own.
  auto source = OpenSource(info->model.schema, {.path = options.data,
                                                .purpose = Purpose::kTrain,
                                                .columns = {.id = options.id, .subject = "", .subjects_file = ""},
                                                .key = info->model.key});
  if (!source) return source.error();
  auto table = ReadAll(*source, options.data, *MakeExecutor(0));
  if (!table) return table.error();
  return std::make_unique<LoadRun>(
      std::move(clients), std::move(*table),
      LoadRun::Options{
          .batch_rows = options.batch_rows, .wait = *storage::StageOf(options.wait), .class_only = options.class_only});
}

// What a forget that waits for `durable` takes, in terms of a bare append and fdatasync.
Json DurableRatio(const Json& phases) {
  Json ratio = Json::object();
  for (const char* quantile : {"p50", "p99"}) {
    const std::string us = std::string(quantile) + "_us";
    ratio[quantile] = phases["forget"][us].get<double>() / phases["fdatasync"][us].get<double>();
  }
  return ratio;
}

// Every phase by its name, in order.
Result<Json> Measure(LoadRun& run, const LoadOptions& options) {
  using std::chrono::duration;
  Json phases = Json::object();
  const LoadRates rates{.predict = static_cast<double>(options.predict),
                        .batch = static_cast<double>(options.batch),
                        .forget = static_cast<double>(options.forget),
                        .learn = static_cast<double>(options.learn)};
  const double floor_rate = std::max(rates.predict, 100.0);
  (void)run.AtRate({.ping = floor_rate}, duration<double>(kWarmUp));
  const double floor_s = std::max(1.0, options.seconds / 3.0);
  phases["floor"] = ToJson(run.AtRate({.ping = floor_rate}, duration<double>(floor_s))[LoadRun::kPing]);
  if (!options.sync_in.empty()) {
    const auto syncs = SyncAtRate(options.sync_in, rates.forget, duration<double>(floor_s));
    if (!syncs) return syncs.error();
    phases["fdatasync"] = ToJson(**syncs);
  }
  (void)run.AtRate(rates, duration<double>(kWarmUp));
  const LoadRun::Results mix = run.AtRate(rates, duration<double>(options.seconds));
  if (options.predict != 0) phases["predict"] = ToJson(mix[LoadRun::kPredict]);
  if (options.batch != 0) phases["batch"] = ToJson(mix[LoadRun::kBatch]);
  if (options.forget != 0) phases["forget"] = ToJson(mix[LoadRun::kForget]);
  if (options.learn != 0) phases["learn"] = ToJson(mix[LoadRun::kLearn]);
  if (options.throughput_s == 0) return phases;
  const duration<double> length(options.throughput_s);
  phases["pipelined"] = ToJson(run.AtOnce(LoadRun::kPredict, options.on_their_way, length)[LoadRun::kPredict]);
  phases["batch_rows"] = ToJson(run.AtOnce(LoadRun::kBatch, 4, length)[LoadRun::kBatch], options.batch_rows);
  return phases;
}

int RunLoad(const GlobalOptions& global, const LoadOptions& options) {
  if (!options.where.remote()) {
    return Fail(global, {ErrorCode::kUsage, "a load is put on a server", "--store", "name one with --connect"});
  }
  if (!options.sync_in.empty() && (options.wait != "durable" || options.forget == 0)) {
    return Fail(global, {ErrorCode::kUsage, "a sync is compared with forgets that wait for one", "--sync-in",
                         "add --wait durable, and --forget with a rate"});
  }
  std::signal(SIGPIPE, SIG_IGN);
  auto run = Prepare(options);
  if (!run) return Fail(global, run.error());
  const Result<Json> measured = Measure(**run, options);
  if (!measured) return Fail(global, measured.error());
  const Json& phases = *measured;
  std::uint64_t answered = 0;
  for (const auto& [name, phase] : phases.items())
    answered += name == "fdatasync" ? 0 : phase["count"].get<std::uint64_t>();
  if (answered == 0)
    return Fail(global,
                {ErrorCode::kUnreachable, "no call was answered", options.where.name(), "see the server's log"});
  if (global.json) {
    Json object = phases;
    object["missing"] = (*run)->missing();
    if (phases.contains("fdatasync")) object["durable_ratio"] = DurableRatio(phases);
    PrintJson(object);
    return FinishOutput(global, kDone);
  }
  Print(fmt::format("  {:<22}{:>13}  {:>9}{:>9}{:>9}{:>9}{:>10}\n", "", "", "p50", "p90", "p99", "p99.9", "max"));
  for (const auto& [name, phase] : phases.items()) Print(ToText(name, phase));
  if (phases.contains("fdatasync")) {
    const Json ratio = DurableRatio(phases);
    Print(fmt::format("A forget is durable in {:.2f} times a bare append and fdatasync (p50), {:.2f} times (p99).\n",
                      ratio["p50"].get<double>(), ratio["p99"].get<double>()));
  }
  if ((*run)->missing() != 0) Print(fmt::format("{} stay forgotten.\n", Count((*run)->missing(), "record")));
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupLoad(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<LoadOptions>();
  AddWhere(app, options->where);
  app.add_option("--data", options->data,
                 "CSV file that the store was trained on: rows to predict, forget and learn back")
      ->required()
      ->type_name("FILE.csv");
  app.add_option("--id", options->id, "Column with the record ids; default: as for train")->type_name("COL");
  constexpr Range kRate{.low = 0, .high = 1'000'000};
  AddNumber(app, "--predict", options->predict, "Predictions a second, at a constant rate", kRate);
  AddNumber(app, "--batch", options->batch, "Batches a second", kRate);
  AddNumber(app, "--forget", options->forget, "Records to forget a second", kRate);
  AddNumber(app, "--learn", options->learn, "Records to learn back a second", kRate);
  AddNumber(app, "--batch-rows", options->batch_rows, "Rows of a batch", {.low = 1, .high = 1'000'000});
  app.add_flag("--class-only", options->class_only,
               "Predictions and batches ask for the most probable class alone, as predict --class-only does");
  AddNumber(app, "--connections", options->connections, "Connections", {.low = 1, .high = 1'000});
  AddNumber(app, "--seconds", options->seconds,
            "Length of the mix; an empty call is measured before, for a third of it", {.low = 1, .high = 1'000'000});
  AddNumber(app, "--throughput", options->throughput_s,
            "Seconds for each of: predictions pipelined on one connection, and batches", {.low = 0, .high = 1'000'000});
  AddNumber(app, "--on-their-way", options->on_their_way, "Calls on their way when pipelined",
            {.low = 1, .high = 8'192});
  app.add_option("--wait", options->wait, "Stage that forgets wait for: unlearned, durable, exact or erased")
      ->check([](const std::string& name) {
        return storage::StageOf(name) ? "" : "must be one of unlearned, durable, exact, erased";
      })
      ->type_name("STAGE")
      ->capture_default_str();
  app.add_option("--sync-in", options->sync_in,
                 "Folder on the store's file system, where the server is on this machine: with --wait durable, measure "
                 "a bare append and fdatasync there too, and compare")
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  AddJson(app, global);
  AddExamples(app, {"hedgerow load --connect unix:rpc.sock --data people.csv --predict 3000 --forget 200 --learn 200",
                    "hedgerow load --connect unix:rpc.sock --data people.csv --forget 50 --learn 50 --wait durable "
                    "--sync-in shop"});
  return [options, &global] { return RunLoad(global, *options); };
}

}  // namespace hedgerow::cli
