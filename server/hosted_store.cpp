#include "server/hosted_store.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "datasets/thread_priority.h"

namespace hedgerow::server {

using storage::Outcome;
using storage::Stage;

namespace {

double MicrosSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
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
      part_(limits.part),
      writer_("hr-writer", limits.updates, datasets::AnswerPromptly),
      large_("hr-large", {limits.large_erasures, limits.updates.bytes}) {
  for (const Stage stage : {Stage::kUnlearned, Stage::kDurable, Stage::kExact, Stage::kErased}) {
    stage_seconds_[static_cast<std::size_t>(stage)] =
        &metrics.AddHistogram("hedgerow_stage_seconds", "Time that callers waited for a stage of an update",
                              {{"store", name_}, {"stage", std::string(storage::NameOf(stage))}});
  }
}

HostedStore::~HostedStore() {
  (void)Drain();
}

template <class T>
Result<T> HostedStore::Predict(std::span<const datasets::Cell> rows, std::uint64_t not_before,
                               forest::Executor& executor) const {
  if (applied() < not_before) {
    return Error{ErrorCode::kNotYet, "the model has not come to this update yet", name_,
                 "ask again, or look whether the number is one of this store"};
  }
  const std::size_t count = rows.size() / model_.width();
  T answer;
  if constexpr (std::is_same_v<T, Prediction>) {
    answer.probabilities.resize(count * model_.classes());
    answer.sequence = store_->Predict(rows.data(), count, answer.probabilities.data(), executor);
  } else {
    answer.classes.resize(count);
    answer.sequence = store_->PredictClasses(rows.data(), count, answer.classes.data(), executor);
  }
  return answer;
}

template Result<Prediction> HostedStore::Predict(std::span<const datasets::Cell>, std::uint64_t,
                                                 forest::Executor&) const;
template Result<Classification> HostedStore::Predict(std::span<const datasets::Cell>, std::uint64_t,
                                                     forest::Executor&) const;

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

// The store counts an update as soon as it is in the journal, the model follows: it has when the update's outcome is
// there, and then all updates before it have come to the model too.
void HostedStore::Applied(std::uint64_t sequence) {
  std::uint64_t before = applied_.load(std::memory_order_relaxed);
  while (before < sequence && !applied_.compare_exchange_weak(before, sequence, std::memory_order_release)) {
  }
}

void HostedStore::Post(Worker& worker, const Answer<Outcome>& done, Clock::time_point asked, std::size_t bytes,
                       UpdateWork work) {
  const bool taken = worker.TryPost(
      [this, done, asked, work = std::move(work), writes = &worker == &writer_] {
        const Clock::time_point start = Clock::now();
        std::optional<Result<Outcome>> outcome = work();
        const double us = MicrosSince(start);
        if (writes) mean_update_us_ = mean_update_us_ == 0 ? us : 0.9 * mean_update_us_ + 0.1 * us;
        if (!outcome) return;
        if (*outcome) Applied((*outcome)->sequence);
        stage_seconds_[0]->Observe(MicrosSince(asked));
        done(std::move(*outcome));
      },
      bytes);
  if (!taken) done(Refusal());
}

void HostedStore::Resolve(storage::ForgetRequest request, const Answer<Outcome>& done) {
  const std::size_t bytes = BytesOf(request);
  Post(writer_, done, Clock::now(), bytes, [this, request = std::move(request)] { return store_->Resolve(request); });
}

void HostedStore::Forget(storage::ForgetRequest request, const Answer<Outcome>& done) {
  const Clock::time_point asked = Clock::now();
  if (request.records.size() > part_) return ForgetInParts(request, done, asked);
  const std::size_t bytes = BytesOf(request);
  const auto work = [this, done, asked, request = std::move(request)]() -> std::optional<Result<Outcome>> {
    // How many records a person has is known to the store alone.
    const Result<bool> large = request.subjects.empty() ? false : store_->NamesMoreThan(request, part_);
    if (!large) return large.error();
    if (!*large) return store_->Forget(request);
    ForgetInParts(request, done, asked);
    return std::nullopt;
  };
  Post(writer_, done, asked, bytes, work);
}

void HostedStore::ForgetInParts(const storage::ForgetRequest& request, const Answer<Outcome>& done,
                                Clock::time_point asked) {
  storage::ForgetRequest parts = request;
  parts.records_at_a_time = part_;
  const std::size_t bytes = BytesOf(parts);
  Post(large_, done, asked, bytes, [this, parts = std::move(parts)] { return store_->Forget(parts); });
}

void HostedStore::Learn(datasets::Table table, storage::UpdateOptions options, const Answer<Outcome>& done) {
  const std::size_t bytes = BytesOf(table);
  Post(writer_, done, Clock::now(), bytes,
       [this, table = std::move(table), options = std::move(options)] { return store_->Learn(table, options); });
}

void HostedStore::Correct(datasets::Table table, storage::UpdateOptions options, const Answer<Outcome>& done) {
  const std::size_t bytes = BytesOf(table);
  Post(writer_, done, Clock::now(), bytes,
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
  large_.Stop();
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
