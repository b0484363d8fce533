// Works on a store until it is killed, or kills itself: random learning, forgetting, correcting, checkpoints,
// compactions and reopenings. crash_test.py starts it, kills it and judges what is left.
//
//   crash_client create DIR
//   crash_client work DIR LOG SEED [RETRY]
//   crash_client open DIR LOG SEED          does not work: it is killed while it opens
//   crash_client check DIR LOG SEED         only tells what it found
//
// Work first tells what it found, a line each: "live ID VERSION", "counts SEQUENCE FORGOTTEN", "root equal|different",
// "log right" or "log wrong PROBLEM" as an audit finds it, which looks whether it continues the checkpoint in the file
// LOG.checkpoint, "request NAME STAGE" for each name on its standard input, and "ready". Then it appends to LOG, before
// each operation "I KIND REQUEST ID:VERSION..." and after it "O REQUEST SEQUENCE"; "S REQUEST STAGE" when it waited for
// a stage. Each line is one write(2), so it survives the end of the process. RETRY is an intent of which nobody knows
// whether it was carried out, asked for once more before anything else.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "storage/evidence/log_audit.h"
#include "storage/store.h"
#include "unlearn/model.h"

namespace hedgerow::storage {
namespace {

using datasets::RecordId;
using datasets::Table;

constexpr RecordId kIds = 300;
constexpr std::size_t kWidth = 3;

// The first cell of a row is its version, by which the judge knows which content is there.
void Append(Table& table, RecordId id, std::uint32_t version) {
  std::mt19937 row(version * 1000003U + static_cast<std::uint32_t>(id));
  table.ids.push_back(id);
  table.labels.push_back(static_cast<datasets::ClassCode>((row() % 8 + version % 5) / 6));
  table.cells.push_back(static_cast<datasets::Cell>(version));
  for (std::size_t a = 1; a < kWidth; ++a) table.cells.push_back(static_cast<datasets::Cell>(row() % 50));
  table.subjects.push_back(id % 3 == 0 ? "" : fmt::format("person {}", id % 50));
}

[[noreturn]] void Fail(const std::string& what, const Error& error) {
  std::cerr << "crash_client: " << what << ": " << error.ToString() << std::endl;
  std::_Exit(3);
}

struct Operation {
  char kind = ' ';  // F, L, C: updates. P, K, R: checkpoint, compact, reopen.
  std::string request;
  std::map<RecordId, std::uint32_t> records;  // to versions; of F, the version that goes

  std::string Line() const {
    std::string line = fmt::format("I {} {}", kind, request);
    for (const auto& [id, version] : records) line += fmt::format(" {}:{}", id, version);
    return line;
  }
  static Operation Parse(const std::string& line) {
    std::istringstream words(line);
    Operation operation;
    std::string mark;
    words >> mark >> operation.kind >> operation.request;
    RecordId id = 0;
    char colon = ' ';
    std::uint32_t version = 0;
    while (words >> id >> colon >> version) operation.records[id] = version;
    return operation;
  }
};

class Client {
 public:
  Client(std::string directory, const std::string& log, std::uint64_t seed)
      : directory_(std::move(directory)), kept_(log + ".checkpoint"), random_(seed) {
    log_ = open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    // Half of the runs end by themselves, soon after some intent: most of the time is not spent in updates.
    if (random_() % 2 == 0) end_after_ = 1 + random_() % 60;
    // A third of the runs erases in a thread of the store, a third in one of ours, a third not beside updates.
    style_ = seed % 3;
    Open();
  }

  void Tell() {
    for (const forest::Slot slot : store_->model().records().LiveSlots()) {
      const RecordId id = store_->model().records().id(slot);
      live_[id] = static_cast<std::uint32_t>(store_->model().records().row(slot)[0]);
      std::cout << "live " << id << " " << live_[id] << "\n";
    }
    std::cout << "counts " << store_->sequence() << " " << store_->forgotten() << "\n";
    const forest::Digest regrown = store_->model().Regrow(*executor_).Root(store_->model().records(), *executor_);
    std::cout << "root " << (regrown == store_->Root() ? "equal" : "different") << "\n";
    TellOfLog();
    for (std::string name; std::getline(std::cin, name);) {
      const auto status = store_->StatusOf(name);
      if (!status) Fail("status", status.error());
      std::cout << "request " << name << " " << (*status ? NameOf((*status)->stage) : "none") << "\n";
    }
    std::cout << "ready" << std::endl;
  }

  // The log tells of every update once, and of every erasure that was told to be done; and it was not rewritten.
  void TellOfLog() {
    AuditOptions options;
    options.directory = directory_;
    if (std::ifstream kept(kept_, std::ios::binary); kept)
      options.earlier.emplace_back(std::istreambuf_iterator<char>(kept), std::istreambuf_iterator<char>());
    const auto report = AuditLog(options);
    if (!report) Fail("the log", report.error());
    const bool whole = report->accepted == store_->sequence() && report->earlier == options.earlier.size();
    if (report->ok() && whole) {
      std::cout << "log right\n";
    } else {
      std::cout << "log wrong " << (report->ok() ? "updates or earlier checkpoints are missing" : report->problems[0])
                << "\n";
    }
  }

  void Work(const std::string& retry) {
    if (!retry.empty()) Run(Operation::Parse(retry));
    std::thread beside;
    if (style_ == 1) beside = std::thread([this] { Beside(); });
    for (;;) Run(Next());
  }

 private:
  void Open() {
    store_.reset();
    OpenOptions options;
    if (style_ == 0) options.erase_within = std::chrono::milliseconds(random_() % 20);
    auto store = Store::Open(directory_, options, *executor_);
    if (!store) Fail("opening", store.error());
    store_ = std::move(*store);
  }

  void EndSoon() {
    const auto at = std::chrono::steady_clock::now() + std::chrono::microseconds(random_() % (1 << random_() % 12));
    std::thread([at] {
      while (std::chrono::steady_clock::now() < at) {
      }
      kill(getpid(), SIGKILL);
    }).detach();
  }

  // Checkpoints and compactions beside updates; then the store is not opened again.
  void Beside() {
    for (std::uint64_t k = 0;; ++k) {
      const Status status = k % 7 == 6 ? store_->Compact() : store_->Checkpoint().ok() ? Status() : Status(Error{});
      if (!status) Fail("upkeep", status.error());
    }
  }

  Operation Next() {
    Operation operation{.kind = "FFFLLLLCCPKR"[random_() % (style_ == 1 ? 9 : 12)], .request = "", .records = {}};
    if (operation.kind == 'K' && random_() % 3 != 0) operation.kind = 'P';
    if (std::string("PKR").find(operation.kind) != std::string::npos) {
      operation.request = std::string(1, '-');
      return operation;
    }
    operation.request = fmt::format("{:x}-{:x}", random_(), random_());
    const std::size_t count = random_() % 5 == 0 ? 1 + random_() % 40 : 1 + random_() % 3;
    for (std::size_t k = 0; k < count; ++k) {
      const RecordId id = random_() % kIds;
      const auto found = live_.find(id);
      if ((operation.kind == 'L') == (found != live_.end())) continue;
      operation.records[id] =
          operation.kind == 'F' ? found->second : 1 + static_cast<std::uint32_t>(random_() % 1'000'000);
    }
    return operation;
  }

  void Run(const Operation& operation) {
    if (operation.request != "-" && operation.records.empty()) return;
    Log(operation.Line());
    if (--end_after_ == 0) EndSoon();
    if (operation.kind == 'P') {
      if (const auto report = store_->Checkpoint(); !report) Fail("checkpoint", report.error());
    } else if (operation.kind == 'K') {
      if (const Status status = store_->Compact(); !status) Fail("compact", status.error());
    } else if (operation.kind == 'R') {
      Open();
    }
    if (operation.request == "-") return Log("O - 0");
    const auto outcome = Update(operation);
    if (!outcome) Fail(operation.Line(), outcome.error());
    Log(fmt::format("O {} {}", operation.request, outcome->sequence));
    for (const auto& [id, version] : operation.records) {
      operation.kind == 'F' ? void(live_.erase(id)) : void(live_[id] = version);
    }
    if (random_() % 10 != 0) return;
    const Stage stage = random_() % 3 == 0 ? Stage::kErased : Stage::kDurable;
    if (const Status status = store_->Await(outcome->sequence, stage); !status) Fail("waiting", status.error());
    Log(fmt::format("S {} {}", operation.request, NameOf(stage)));
  }

  Result<Outcome> Update(const Operation& operation) {
    const UpdateOptions options{.request_id = operation.request, .with_roots = false};
    if (operation.kind == 'F') {
      ForgetRequest request{.options = options};
      for (const auto& [id, version] : operation.records) request.records.push_back(id);
      return store_->Forget(request);
    }
    Table table;
    table.width = kWidth;
    for (const auto& [id, version] : operation.records) Append(table, id, version);
    return operation.kind == 'L' ? store_->Learn(table, options) : store_->Correct(table, options);
  }

  void Log(std::string line) {
    line += '\n';
    if (write(log_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(4);
  }

  std::string directory_, kept_;
  std::mt19937_64 random_;
  std::uint64_t style_ = 0, end_after_ = 0;
  int log_ = -1;
  std::unique_ptr<forest::Executor> executor_ = forest::MakeSerialExecutor();
  std::unique_ptr<Store> store_;
  std::map<RecordId, std::uint32_t> live_;
};

int Create(const std::string& directory) {
  datasets::Schema schema;
  schema.name = "crash";
  for (const char* name : {"version", "a", "b"}) schema.features.push_back({name, datasets::FeatureType::kNumeric});
  schema.label = "y";
  schema.classes = {"no", "yes"};
  Table table;
  table.width = kWidth;
  for (RecordId id = 0; id < kIds / 2; ++id) Append(table, id, 1);
  const auto executor = forest::MakeSerialExecutor();
  auto model = unlearn::Model::Train({.seed = 7, .trees = 8, .occupancy = 3}, schema, table, *executor);
  if (!model) Fail("training", model.error());
  const auto store = Store::Create(directory, std::move(*model), table, *executor);
  if (!store) Fail("creating", store.error());
  return 0;
}

}  // namespace
}  // namespace hedgerow::storage

int main(int argc, char** argv) {
  using namespace hedgerow::storage;
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "create" && argc == 3) return Create(argv[2]);
  if ((verb != "work" && verb != "open" && verb != "check") || argc < 5) return 2;
  Client client(argv[2], argv[3], std::stoull(argv[4]));
  client.Tell();
  if (verb == "check") return 0;
  while (verb == "open") pause();
  client.Work(argc > 5 ? argv[5] : "");
}
