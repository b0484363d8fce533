// What the disk adds: acknowledging an erasure with many callers at once, opening, checkpoints, erasing from the files.
#include "storage/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

#include "bench/data.h"
#include "bench/quantiles.h"
#include "bench/report.h"
#include "bench/require.h"
#include "bench/slow_disk.h"

namespace hedgerow::bench {
namespace {

using storage::Stage;
using storage::Store;

struct Options {
  std::string directory = "bench-store";
  std::vector<std::string> data = {"people:100000", "people:1000000"};
  std::vector<unsigned> callers = {1, 4, 16, 64};
  unsigned forgets = 2'000;
  double sync_ms = 0;  // 0: as long as the disk takes
  bool json = false;
  std::string json_file;
};

// A bare append of a kilobyte and fdatasync, beside the store: what `durable` is measured by. `slow`: on that disk.
Latencies BareSyncs(const std::string& directory, unsigned count, SlowDisk* slow) {
  const std::string path = directory + "/bare";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string block(1024, 'x');
  Latencies latencies;
  for (unsigned i = 0; i < count; ++i) {
    const Stopwatch watch;
    if (write(file, block.data(), block.size()) < 0) std::exit(2);
    if (slow != nullptr) {
      slow->Sync();
    } else if (fdatasync(file) != 0) {
      std::exit(2);
    }
    latencies.Add(watch.Microseconds());
  }
  close(file);
  std::filesystem::remove(path);
  return latencies;
}

// Of all threads: tells more than the clock where others use the machine too.
double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Acknowledged {
  Latencies latencies;
  double per_second = 0;
};

// Random records, one a request, by so many callers at once; each waits for the stage before it goes on.
Acknowledged ForgetWith(Store& store, std::vector<datasets::RecordId>& ids, unsigned callers, unsigned count,
                        Stage stage) {
  std::atomic<unsigned> next = 0;
  std::mutex mutex;
  Acknowledged result;
  const Stopwatch all;
  std::vector<std::thread> threads;
  for (unsigned c = 0; c < callers; ++c) {
    threads.emplace_back([&] {
      for (unsigned i = next++; i < count; i = next++) {
        const Stopwatch watch;
        const auto outcome =
            Get(store.Forget({.records = {ids[ids.size() - 1 - i]}, .options = {.with_roots = false}}));
        Check(store.Await(outcome.sequence, stage));
        const double us = watch.Microseconds();
        const std::lock_guard lock(mutex);
        result.latencies.Add(us);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  result.per_second = count / all.Seconds();
  ids.resize(ids.size() - count);
  return result;
}

struct Opened {
  Data data;
  std::vector<datasets::RecordId> ids;  // live, in random order
  double grow_s = 0, create_s = 0;
};

Opened MakeStore(const std::string& name, const std::string& directory, forest::Executor& executor) {
  Opened opened{LoadData(name, 1), {}, 0, 0};
  std::filesystem::remove_all(directory);
  const Stopwatch growing;
  auto model = Get(unlearn::Model::Train({.occupancy = 10}, opened.data.schema, opened.data.train, executor));
  opened.grow_s = growing.Seconds();
  const Stopwatch creating;
  Get(Store::Create(directory, std::move(model), opened.data.train, executor));
  opened.create_s = creating.Seconds();
  opened.ids = opened.data.train.ids;
  std::mt19937_64 random(7);
  std::shuffle(opened.ids.begin(), opened.ids.end(), random);
  return opened;
}

void MeasureCallers(const Options& options, const Opened& opened, Store& store, std::vector<datasets::RecordId>& ids,
                    SlowDisk* slow, Report& report) {
  const Latencies bare = BareSyncs(options.directory, 300, slow);
  double alone[2] = {0, 0};
  for (const unsigned callers : options.callers) {
    for (const Stage stage : {Stage::kUnlearned, Stage::kDurable}) {
      const unsigned count = std::min<unsigned>(options.forgets, static_cast<unsigned>(ids.size() / 20));
      const Acknowledged acknowledged = ForgetWith(store, ids, callers, count, stage);
      double& single = alone[stage == Stage::kDurable ? 1 : 0];
      if (single == 0) single = acknowledged.per_second;
      Row row{{"data", opened.data.name}, {"to", std::string(NameOf(stage))}, {"callers", callers}};
      acknowledged.latencies.Describe("forget", row);
      row["a second"] = static_cast<std::uint64_t>(acknowledged.per_second);
      row["of one caller's"] = acknowledged.per_second / single;
      row["of bare syncs a second"] = acknowledged.per_second / (1e6 / bare.Quantile(0.5));
      row["p50 of a bare sync's"] = acknowledged.latencies.Quantile(0.5) / bare.Quantile(0.5);
      row["bare sync p50 us"] = bare.Quantile(0.5);
      report.Add(row);
    }
  }
}

void MeasureUpkeep(const Options& options, Opened& opened, std::unique_ptr<Store> store, forest::Executor& executor,
                   Report& report) {
  Row row{{"data", opened.data.name}, {"growing s", opened.grow_s}, {"creating s", opened.create_s}};
  Check(store->Compact());
  // For reading, so that neither writes.
  for (const bool regrow : {false, true}) {
    store.reset();
    const std::string name = regrow ? "opening by growing" : "opening";
    const double cpu = CpuSeconds();
    const Stopwatch opening;
    const storage::OpenOptions how{.mode = storage::OpenMode::kRead, .regrow = regrow};
    store = Get(Store::Open(options.directory, how, executor));
    row[name + " s"] = opening.Seconds();
    row[name + " CPU s"] = CpuSeconds() - cpu;
  }
  store.reset();
  store = Get(Store::Open(options.directory, storage::OpenMode::kWrite, executor));

  ForgetWith(*store, opened.ids, 1, 1'000, Stage::kUnlearned);
  const Stopwatch checkpoint;
  const auto written = Get(store->Checkpoint());
  row["checkpoint of 1,000 s"] = checkpoint.Seconds();
  row["pages"] = written.pages;
  row["MB"] = static_cast<double>(written.bytes) / 1e6;
  row["updates wait at most us"] = written.longest_us;
  for (const unsigned records : {1U, 1'000U}) {
    Check(store->Compact());
    const Stopwatch erasing;
    ForgetWith(*store, opened.ids, 1, records, Stage::kUnlearned);
    Check(store->Await(store->sequence(), Stage::kErased));
    row[fmt::format("{} erased after s", records)] = erasing.Seconds();
  }
  report.Add(row);
}

int Run(int argc, char** argv) {
  CLI::App app("What the disk adds to forgetting: acknowledging, opening, checkpoints, erasing from the files");
  Options options;
  app.add_option("data", options.data, "data sets, or people:RECORDSxFEATURES")->capture_default_str();
  app.add_option("--directory", options.directory, "where the store is made; removed at the end")
      ->capture_default_str();
  app.add_option("--callers", options.callers, "callers at once")->delimiter(',')->capture_default_str();
  app.add_option("--forgets", options.forgets, "erasures a row")->capture_default_str();
  app.add_option("--sync-ms", options.sync_ms, "let each sync take so long, as on a slow virtual disk; 0: as it does")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--json", options.json, "one JSON object a row");
  app.add_option(
      "--json-file", options.json_file,
      "also write the rows to this file, and those of the second table to FILE.upkeep, one JSON object a row");
  CLI11_PARSE(app, argc, argv);

  const auto executor = forest::MakeTbbExecutor(0);
  Report callers("store-callers", {options.json, options.json_file});
  const auto slow =
      options.sync_ms == 0
          ? nullptr
          : std::make_unique<SlowDisk>(std::chrono::microseconds(static_cast<std::int64_t>(options.sync_ms * 1'000)));
  Report upkeep("store-upkeep", {options.json, options.json_file.empty() ? "" : options.json_file + ".upkeep"});
  for (const std::string& name : options.data) {
    Opened opened = MakeStore(name, options.directory, *executor);
    auto store = Get(Store::Open(options.directory, storage::OpenMode::kWrite, *executor));
    MeasureCallers(options, opened, *store, opened.ids, slow.get(), callers);
    MeasureUpkeep(options, opened, std::move(store), *executor, upkeep);
  }
  std::filesystem::remove_all(options.directory);
  callers.Finish(
      "Each caller forgets a random record and waits for the stage; 10 of 100 trees hold a record. A bare sync is an "
      "append of 1,024 bytes and fdatasync on the same disk.");
  upkeep.Finish(
      "'growing' is the forest from records in memory; 'opening by growing' reads the records, and grows. A checkpoint "
      "writes the trees that changed; 'erased' is from the request to no file holding the records.");
  return 0;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Run(argc, argv);
}
