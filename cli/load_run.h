// Phases of a load on a server: calls at a constant rate whatever the answers do, or as many as there is room for.
//
// Latency at a constant rate is counted from the moment at which a call was due, not from when it was sent: a server
// that stalls cannot hide the calls that had to wait (no coordinated omission).
//
// Thread rule: the thread that made it; answers are counted on the clients' threads.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cli/latency_histogram.h"
#include "datasets/table.h"
#include "server/client.h"

namespace hedgerow::cli {

// What came of the calls of one kind.
struct LoadResult {
  LatencyHistogram latency;
  std::atomic<std::uint64_t> failed = 0, overloaded = 0;
  double seconds = 0;

  void Count(const Status& status, std::uint64_t ns);
};

struct LoadRates {
  double predict = 0, batch = 0, forget = 0, learn = 0, ping = 0;  // a second
};

class LoadRun {
 public:
  struct Options {
    std::size_t batch_rows = 1'000;
    storage::Stage wait = storage::Stage::kUnlearned;  // of forgets
    bool class_only = false;                           // predictions and batches ask for classes, not probabilities
  };
  // Rows to predict, forget and learn back are the table's, which must be the store's own records.
  LoadRun(std::vector<std::unique_ptr<server::Client>> clients, datasets::Table table, const Options& options);

  enum Kind : std::uint8_t { kPing, kPredict, kBatch, kForget, kLearn, kKinds };
  using Results = std::unique_ptr<LoadResult[]>;  // one a kind
  // Open loop.
  Results AtRate(const LoadRates& rates, std::chrono::duration<double> length);
  // Closed loop on the first connection, with so many calls on their way.
  Results AtOnce(Kind kind, std::size_t on_their_way, std::chrono::duration<double> length);
  // Records that were forgotten and not learned back.
  std::size_t missing() const;

 private:
  using Clock = std::chrono::steady_clock;
  // `answered` is called with the Result of either form.
  template <class Answered>
  void Predict(Kind kind, server::Client& client, const Answered& answered);
  void Start(Kind kind, Clock::time_point due, LoadResult& result, const std::function<void()>& after);
  std::vector<datasets::Cell> BatchRows();
  datasets::Table Row(std::size_t row) const;
  void AwaitAnswers();

  const std::vector<std::unique_ptr<server::Client>> clients_;
  const datasets::Table table_;
  const Options options_;
  std::size_t next_client_ = 0, next_row_ = 0;
  mutable std::mutex mutex_;
  std::deque<std::size_t> present_, absent_;  // rows, guarded by mutex_: who may be forgotten, who may be learned
  std::atomic<std::size_t> open_ = 0;
};

}  // namespace hedgerow::cli
