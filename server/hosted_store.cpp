#include "server/hosted_store.h"

#include <algorithm>
#include <utility>

namespace hedgerow::server {

using storage::Outcome;
using storage::Stage;

namespace {

using Clock = std::chrono::steady_clock;

double MicrosSince(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

std::size_t BytesOf(const datasets::Table& table) {
  std::size_t bytes = table.cells.size() * sizeof(datasets::Cell) + table.size() * 16;
  for (const std::string& subject : table.subjects) bytes += sizeof subject + subject.size();
  return bytes;
}

std::size_t BytesOf(const storage::ForgetRequest& request) {
  std::size_t bytes = request.records.size() * sizeof(datasets::RecordId);
  for (const std::string& subject : request.subjects) bytes += sizeof subject + subject.size();
  return bytes;
}

Model ModelOf(const storage::Store& store) {
  const forest::Forest& forest = store.model().forest();
  return {forest.schema(), forest.parameters(), datasets::CategoryKeyFromSeed(forest.parameters().seed)};
}

StageWaiter::Await AwaitOf(storage::Store& store, Stage stage) {
  return [&store, stage](std::uint64_t sequence) { return store.Await(sequence, stage); };
}

}  // namespace

HostedStore::HostedStore(std::string name, std::string directory, std::unique_ptr<storage::Store> store,
                         const HostLimits& limits, Metrics& metrics)
    : name_(std::move(name)),
      directory_(std::move(directory)),
      store_(std::move(store)),
      model_(ModelOf(*store_)),
      applied_(store_->sequence()),
      durable_("hr-durable", limits.waits, AwaitOf(*store_, Stage::kDurable)),
      exact_("hr-exact", limits.waits, AwaitOf(*store_, Stage::kExact)),
      erased_("hr-erased", limits.waits, AwaitOf(*store_, Stage::kErased)),
      writer_("hr-writer", limits.updates) {
  for (const Stage stage : {Stage::kUnlearned, Stage::kDurable, Stage::kExact, Stage::kErased}) {
    stage_seconds_[static_cast<std::size_t>(stage)] =
        &metrics.AddHistogram("hedgerow_stage_seconds", "Time that callers waited for a stage of an update",
                              {{"store", name_}, {"stage", std::string(storage::NameOf(stage))}});
  }
}

HostedStore::~HostedStore() {
  (void)Drain();
}

Result<std::uint64_t> HostedStore::Predict(const datasets::Cell* rows, std::size_t count, std::uint64_t not_before,
                                           double* probabilities, forest::Executor& executor) {
  if (applied() < not_before) {
    return Error{ErrorCode::kNotYet, "the model has not come to this update yet", name_,
                 "ask again, or look whether the number is one of this store"};
  }
  return store_->Predict(rows, count, probabilities, executor);
}

void HostedStore::Verify(forest::Executor& executor) {
  const auto found = store_->Verify(executor);
  if (!found) return;  // the store is being closed, or its disk is full: the next one tells
  verified_ = found->equal() ? Verified::kEqual : Verified::kDifferent;
  verified_.notify_all();
}

Error HostedStore::Refusal() const {
  if (draining_) {
    return {ErrorCode::kUnreachable, "the server is going down", name_,
            "make the request again, with the same id, when it is back"};
  }
  Error error{ErrorCode::kOverloaded, "too many updates are waiting", name_,
              "come again a little later, with the same request id"};
  const double ms = mean_update_us_ * 1e-3 * static_cast<double>(writer_.depth()) / 2;
  error.retry_after_ms = static_cast<std::uint32_t>(std::clamp(ms, 5.0, 5'000.0));
  return error;
}

void HostedStore::Post(const Answer<Outcome>& done, std::size_t bytes, std::function<Result<Outcome>()> update) {
  const Clock::time_point asked = Clock::now();
  const bool taken = writer_.TryPost(
      [this, done, asked, update = std::move(update)] {
        const Clock::time_point start = Clock::now();
        Result<Outcome> outcome = update();
        const double us = MicrosSince(start);
        mean_update_us_ = mean_update_us_ == 0 ? us : 0.9 * mean_update_us_ + 0.1 * us;
        // The store counts an update as soon as it is in the journal, the model follows: only now it has.
        applied_.store(store_->sequence(), std::memory_order_release);
        stage_seconds_[0]->Observe(MicrosSince(asked));
        done(std::move(outcome));
      },
      bytes);
  if (!taken) done(Refusal());
}

void HostedStore::Resolve(storage::ForgetRequest request, const Answer<Outcome>& done) {
  const std::size_t bytes = BytesOf(request);
  Post(done, bytes, [this, request = std::move(request)] { return store_->Resolve(request); });
}

void HostedStore::Forget(storage::ForgetRequest request, const Answer<Outcome>& done) {
  const std::size_t bytes = BytesOf(request);
  Post(done, bytes, [this, request = std::move(request)] { return store_->Forget(request); });
}

void HostedStore::Learn(datasets::Table table, storage::UpdateOptions options, const Answer<Outcome>& done) {
  const std::size_t bytes = BytesOf(table);
  Post(done, bytes,
       [this, table = std::move(table), options = std::move(options)] { return store_->Learn(table, options); });
}

void HostedStore::Correct(datasets::Table table, storage::UpdateOptions options, const Answer<Outcome>& done) {
  const std::size_t bytes = BytesOf(table);
  Post(done, bytes,
       [this, table = std::move(table), options = std::move(options)] { return store_->Correct(table, options); });
}

StageWaiter& HostedStore::WaiterOf(Stage stage) {
  return stage == Stage::kDurable ? durable_ : stage == Stage::kExact ? exact_ : erased_;
}

void HostedStore::Await(std::uint64_t sequence, Stage stage, const StageWaiter::Done& done) {
  if (sequence == 0) sequence = applied();
  if (sequence > applied()) {
    return done(
        Error{ErrorCode::kUsage, "there is no such update yet", name_, "wait for an update that was acknowledged"});
  }
  if (stage == Stage::kUnlearned) return done({});
  Histogram* const seconds = stage_seconds_[static_cast<std::size_t>(stage)];
  const bool taken = WaiterOf(stage).TryWait(sequence, [seconds, done, asked = Clock::now()](const Status& status) {
    seconds->Observe(MicrosSince(asked));
    done(status);
  });
  if (!taken) done(Refusal());
}

std::size_t HostedStore::waiting() const {
  return durable_.depth() + exact_.depth() + erased_.depth();
}

Status HostedStore::Drain() {
  if (draining_.exchange(true)) return {};
  writer_.Stop();
  Status status;
  if (store_->pending_erasures() != 0) {
    status = store_->Compact();
  } else if (auto report = store_->Checkpoint(); !report) {
    status = report.error();
  }
  durable_.Stop();
  exact_.Stop();
  store_->Stop();  // answers whoever still waits for an erasure that failed
  erased_.Stop();
  return status;
}

}  // namespace hedgerow::server
