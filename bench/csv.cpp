// How fast CSV files are read: by the reader alone (fields as text), and into a table of encoded records, by one thread
// and by several.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "bench/data.h"
#include "bench/options.h"
#include "bench/quantiles.h"
#include "bench/report.h"
#include "datasets/csv_reader.h"
#include "datasets/people.h"
#include "datasets/table_reader.h"
#include "forest/executor.h"

namespace hedgerow::bench {
namespace {

constexpr double kTarget = 2e6;  // fields a second on one core

[[noreturn]] void GiveUp(const std::string& message) {
  fmt::print(stderr, "bench: error: {}\n", message);
  std::exit(2);
}

template <class Value>
Value OrGiveUp(Result<Value> result) {
  if (!result) GiveUp(result.error().ToString());
  return std::move(*result);
}

// A folder for the generated people, gone when this goes.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) GiveUp("no temporary directory can be made: set TMPDIR");
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

struct Settings {
  unsigned repeats = 7;
  std::vector<unsigned> threads{1, 2};
};

struct Work {
  double seconds = 0;
  std::uint64_t records = 0, fields = 0;
};

Work ReadFields(const std::string& path) {
  const Stopwatch watch;
  auto csv = OrGiveUp(datasets::CsvReader::Open(path));
  Work work;
  for (;;) {
    const auto fields = OrGiveUp(csv.Next());
    if (fields.empty()) break;
    ++work.records;
    work.fields += fields.size();
  }
  work.seconds = watch.Seconds();
  return work;
}

// By the executor's threads.
Work ReadRecords(const std::string& path, const datasets::Schema& schema, forest::Executor& executor) {
  const Stopwatch watch;
  auto csv = OrGiveUp(datasets::CsvReader::Open(path));
  const std::size_t columns = csv.header().size();
  auto reader =
      OrGiveUp(datasets::TableReader::Make(std::move(csv), schema, {.key = datasets::CategoryKeyFromSeed(1)}));
  const datasets::Table table = OrGiveUp(reader.ReadRest(
      {.threads = executor.threads(), .run = [&](std::size_t n, const auto& body) { executor.ParallelFor(n, body); }}));
  return {watch.Seconds(), table.size(), table.size() * columns};
}

void Measure(const DataFile& file, const Settings& settings, Report& report) {
  const auto bytes = static_cast<double>(std::filesystem::file_size(file.path));
  const auto measure = [&](const char* into, unsigned threads, const std::function<Work()>& read) {
    Work best;
    Latencies all;
    for (unsigned i = 0; i < settings.repeats; ++i) {
      const Work work = read();
      all.Add(work.seconds * 1e6);
      if (i == 0 || work.seconds < best.seconds) best = work;
    }
    const double rate = static_cast<double>(best.fields) / best.seconds;
    report.Add({{"data", file.name},
                {"into", into},
                {"threads", threads},
                {"records", best.records},
                {"columns", best.fields / std::max<std::uint64_t>(best.records, 1)},
                {"MB", bytes / 1e6},
                {"million fields/s", rate / 1e6},
                {"median", static_cast<double>(best.fields) / all.Quantile(0.5)},
                {"MB/s", bytes / 1e6 / best.seconds},
                {"at least 2", rate >= kTarget ? "yes" : "no"}});
  };
  measure("fields", 1, [&] { return ReadFields(file.path); });
  for (const unsigned threads : settings.threads) {
    const auto executor = threads == 1 ? forest::MakeSerialExecutor() : forest::MakeTbbExecutor(threads);
    measure("records", threads, [&] { return ReadRecords(file.path, file.schema, *executor); });
  }
}

int Run(int argc, char** argv) {
  CLI::App app("Fields and bytes a second of reading CSV");
  std::vector<std::string> names;
  datasets::PeopleOptions people{.records = 100'000, .features = 20};
  Settings settings;
  Output output;
  app.add_option("data", names, "data sets (default: adult and diabetes130, where they are there)");
  app.add_option("--people", people.records, "synthetic records of 20 features, 0: none")->capture_default_str();
  app.add_option("--threads", settings.threads, "of reading into records")->capture_default_str();
  app.add_option("--repeats", settings.repeats)->check(CLI::PositiveNumber)->capture_default_str();
  AddOutput(app, output);
  CLI11_PARSE(app, argc, argv);

  if (names.empty()) {
    names = RealNames();
    std::erase_if(names, [](const std::string& name) { return name != "adult" && name != "diabetes130"; });
  }
  Report report("csv", output);
  for (const std::string& name : names) Measure(LocateData(name), settings, report);
  if (people.records != 0) {
    const Folder folder;
    const std::string path = folder.File("people.csv");
    if (auto status = datasets::WritePeople(people, path); !status) GiveUp(status.error().ToString());
    Measure({"people", path, datasets::PeopleSchema(people)}, settings, report);
  }
  report.Finish(
      fmt::format("The files are in the page cache, the fastest of {} readings and their median. 'fields' is the CSV "
                  "reader alone; 'records' are numbers parsed, categories hashed, ids checked for repetition.",
                  settings.repeats));
  return 0;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Run(argc, argv);
}
