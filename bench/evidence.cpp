// What the log costs: an entry beside its update, signing, a proof, checking all of it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "bench/data.h"
#include "bench/options.h"
#include "bench/quantiles.h"
#include "bench/report.h"
#include "bench/require.h"
#include "storage/bytes.h"
#include "storage/directory.h"
#include "storage/evidence/log_audit.h"
#include "storage/evidence/log_files.h"
#include "storage/keys.h"
#include "storage/sealed.h"
#include "storage/store.h"

namespace hedgerow::bench {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string directory = "bench-evidence";
  std::uint64_t entries = 1'000'000;
  unsigned writes = 100'000, proofs = 2'000;
  Output output;
};

// The writes of an erasure as a store makes them, with and without what the log adds: commitment, entry, places, state.
Latencies Writes(storage::Database& database, unsigned count, bool with_log) {
  const storage::Secret secret = storage::MakeSecret();
  const std::string row(80, 'r'), journal(90, 'j');
  storage::LogState state{.origin = storage::MakeOrigin("hedgerow"), .keys = {std::string(104, 'k')}, .root = {}};
  Latencies latencies;
  for (unsigned i = 1; i <= count; ++i) {
    const std::string key = storage::RecordKey(secret, i), request = storage::MakeRequestId();
    const Stopwatch watch;
    storage::Database::Batch batch(database);
    batch.Delete(storage::Family::kRecords, key);
    storage::PutSealed(storage::Family::kPending, storage::SequenceKey(i) + key, row, batch);
    storage::PutSealed(storage::Family::kForgotten, key, "\x01", batch);
    storage::PutSealed(storage::Family::kJournal, storage::SequenceKey(i), journal, batch);
    storage::PutSealed(storage::Family::kRequests, storage::RequestKey(secret, request), key, batch);
    if (with_log) {
      const storage::Commitment commitment(storage::IdentitiesOf({i}, {}));
      storage::LogEntry entry{storage::LogEntryType::kUpdate, {}};
      entry.Set("stage", "unlearned").SetTime(storage::NowUs()).Set("request", request).Set("kind", "forget");
      entry.Set("ground", "art17-1-b").Set("role", "data-subject").Set("records", 1).Set("sequence", i);
      entry.Set("subjects", storage::ToHex(storage::BytesOf(commitment.Root())));
      storage::PutStages(i, {.accepted = state.size + 1}, batch);
      storage::AppendLogEntry(entry, state, batch);
      storage::PutLogState(state, batch);
    }
    Check(database.Write(batch, /*sync=*/false));
    latencies.Add(watch.Microseconds());
  }
  return latencies;
}

void MeasureWrites(const Options& options, Report& report) {
  for (const bool with_log : {false, true}) {
    const std::string path = options.directory + (with_log ? "-with" : "-without");
    fs::remove_all(path);
    const auto database = Get(storage::Database::Open(path, storage::Database::Mode::kCreate));
    const Stopwatch all;
    const Latencies latencies = Writes(*database, options.writes, with_log);
    Row row{{"write of an erasure", with_log ? "with the log" : "without"}, {"writes", options.writes}};
    row["mean us"] = all.Microseconds() / options.writes;
    latencies.Describe("write", row);
    report.Add(row);
    fs::remove_all(path);
  }
}

// One record that goes and comes back, until the log is as long as it should be.
void Fill(storage::Store& store, const Data& data, std::uint64_t entries) {
  datasets::Table one;
  one.width = data.train.width;
  one.ids = {data.train.ids[0]};
  one.labels = {data.train.labels[0]};
  const auto cells = data.train.row(0);
  one.cells.assign(cells.begin(), cells.end());
  const storage::UpdateOptions without{.with_roots = false};
  // An update has two entries, and one that forgets a third when it is erased.
  for (std::uint64_t update = 0; update * 5 / 2 < entries; ++update) {
    if (update % 2 == 0) Get(store.Forget({.records = one.ids, .subjects = {}, .options = without}));
    if (update % 2 == 1) Get(store.Learn(one, without));
  }
}

void MeasureLog(const Options& options, Report& report) {
  const auto executor = forest::MakeTbbExecutor(0);
  const Data data = LoadData("people:1000", 1);
  fs::remove_all(options.directory);
  auto model = Get(unlearn::Model::Train({.trees = 4, .occupancy = 4}, data.schema, data.train, *executor));
  const auto store = Get(storage::Store::Create(options.directory, std::move(model), data.train, *executor));
  const Stopwatch filling;
  Fill(*store, data, options.entries);
  Check(store->Compact());
  const double fill_s = filling.Seconds();
  const Stopwatch publishing;
  Check(store->PublishLog());
  const double publish_s = publishing.Seconds();
  const auto log = Get(storage::LogFiles::Open(options.directory));
  Row row{{"entries", log.size()}, {"filling s", fill_s}, {"signing and files s", publish_s}};
  row["an entry us"] = publish_s * 1e6 / static_cast<double>(log.size());

  std::mt19937_64 random(7);
  Latencies proofs, checks;
  for (unsigned i = 0; i < options.proofs; ++i) {
    const std::uint64_t index = random() % log.size();
    const Stopwatch proving;
    const storage::Receipt receipt = Get(log.Prove(index, std::nullopt));
    proofs.Add(proving.Microseconds());
    const std::string text = receipt.ToText();
    const Stopwatch checking;
    if (!storage::CheckReceipt(text, log.keys(), std::nullopt).problem.empty()) std::exit(1);
    checks.Add(checking.Microseconds());
  }
  proofs.Describe("proof", row);
  checks.Describe("check", row);
  for (const bool with_store : {true, false}) {
    if (!with_store) fs::remove_all(storage::DatabasePath(options.directory));
    const Stopwatch auditing;
    const auto audit =
        Get(storage::AuditLog({.directory = options.directory, .keys = {}, .earlier = {}, .progress = {}}));
    if (!audit.ok()) {
      fmt::print(stderr, "bench: error: the log is wrong: {}\n", audit.problems.front());
      std::exit(1);
    }
    row[with_store ? "verify with store s" : "verify s"] = auditing.Seconds();
  }
  report.Add(row);
}

int Run(int argc, char** argv) {
  CLI::App app("What the log costs: an entry beside its update, signing, a proof, checking all of it");
  Options options;
  app.add_option("--directory", options.directory, "where the store is made; removed at the end")
      ->capture_default_str();
  app.add_option("--entries", options.entries, "entries of the log")->capture_default_str();
  app.add_option("--writes", options.writes, "writes with and without the log")->capture_default_str();
  AddOutput(app, options.output);
  CLI11_PARSE(app, argc, argv);
  Report writes("evidence-writes", options.output);
  Report log("evidence-log", {options.output.json, options.output.file.empty() ? "" : options.output.file + ".log"});
  MeasureWrites(options, writes);
  MeasureLog(options, log);
  fs::remove_all(options.directory);
  writes.Finish("A batch as an erasure of one record writes it, unsynced, with and without what the log adds to it.");
  log.Finish(
      "One record of a small model is forgotten and learned again; then all is erased, signed and written as files. "
      "Proofs are read from the files, each anew. 'verify' checks hashes, signatures and the rules between entries; "
      "with the store also the database's entries, journal and records.");
  return 0;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Run(argc, argv);
}
