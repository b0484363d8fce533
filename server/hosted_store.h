// One store of a server: predictions at once, updates in a queue, stages that are waited for.
//
// Predictions run on the calling thread and never wait for a queue. Updates go through one writer thread in the order
// in which they were taken; only large erasures have a thread of their own, and let others go first. Everything else
// that may take longer than microseconds runs on threads of its own and answers through a function.
//
// Thread rule: any thread. Answers come on the store's threads and must not block them.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "datasets/result.h"
#include "datasets/table.h"
#include "forest/executor.h"
#include "server/metrics.h"
#include "server/model_info.h"
#include "server/prediction.h"
#include "server/stage_waiter.h"
#include "server/worker.h"
#include "storage/store.h"

namespace hedgerow::server {

template <class T>
using Answer = std::function<void(Result<T>)>;

struct HostLimits {
  Worker::Limits updates;  // that wait for the writer
  // Erasures of more records than `part` are made in parts of so many, with other updates in between.
  std::size_t part = 32;
  std::size_t large_erasures = 16;  // that wait
  std::size_t waits = 4'096;        // callers that wait for one stage
};

class HostedStore {
 public:
  HostedStore(std::string name, std::string directory, std::unique_ptr<storage::Store> store, const HostLimits& limits,
              Metrics& metrics);
  // Drains.
  ~HostedStore();

  const std::string& name() const { return name_; }
  const std::string& directory() const { return directory_; }
  const Model& model() const { return model_; }
  // Predictions from now on know of all updates up to this one.
  std::uint64_t applied() const { return applied_.load(std::memory_order_acquire); }
  // What the last verification that was entered in the log has found; for a caller that may block.
  enum class Verified : int { kNotYet = -1, kDifferent = 0, kEqual = 1 };
  const std::atomic<Verified>& verified() const { return verified_; }
  void Verify(forest::Executor& executor);

  // What the model answers to rows of cells one after the other; T is Prediction or Classification. kNotYet if the
  // model has not come to the update `not_before`.
  template <class T>
  Result<T> Predict(std::span<const datasets::Cell> rows, std::uint64_t not_before, forest::Executor& executor) const;

  // Each is answered once, with kOverloaded at once where the queue is full, with kUnreachable when the store drains.
  void Resolve(storage::ForgetRequest request, const Answer<storage::Outcome>& done);
  void Forget(storage::ForgetRequest request, const Answer<storage::Outcome>& done);
  void Learn(datasets::Table table, storage::UpdateOptions options, const Answer<storage::Outcome>& done);
  void Correct(datasets::Table table, storage::UpdateOptions options, const Answer<storage::Outcome>& done);
  // 0: everything until now.
  void Await(std::uint64_t sequence, storage::Stage stage, const StageWaiter::Done& done);

  // These block, and are for the service's workers.
  storage::Store& store() { return *store_; }

  // Takes nothing more, finishes what was taken, writes a checkpoint and erases what is pending. Calling it again
  // does nothing.
  Status Drain();
  bool draining() const { return draining_; }
  std::size_t queued() const { return writer_.depth() + large_.depth(); }
  std::size_t waiting() const;

 private:
  // What an update, which was asked for at a time, has come to; nothing: somebody else answers.
  using UpdateWork = std::function<std::optional<Result<storage::Outcome>>()>;
  using Clock = std::chrono::steady_clock;
  void Post(Worker& worker, const Answer<storage::Outcome>& done, Clock::time_point asked, std::size_t bytes,
            UpdateWork work);
  void ForgetInParts(const storage::ForgetRequest& request, const Answer<storage::Outcome>& done,
                     Clock::time_point asked);
  void Applied(std::uint64_t sequence);
  Error Refusal() const;
  StageWaiter& WaiterOf(storage::Stage stage);

  const std::string name_, directory_;
  const std::unique_ptr<storage::Store> store_;
  const Model model_;
  std::atomic<std::uint64_t> applied_;
  std::atomic<Verified> verified_ = Verified::kNotYet;
  std::atomic<double> mean_update_us_ = 0;  // written by the writer alone
  std::atomic<bool> draining_ = false;
  Histogram* stage_seconds_[4] = {};
  StageWaiter durable_, exact_, erased_;
  const std::size_t part_;
  Worker writer_, large_;
};

}  // namespace hedgerow::server
