#include "storage/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "storage/bytes.h"
#include "storage/pages.h"
#include "storage/store_impl.h"

namespace hedgerow::storage {

using datasets::RecordId;
using datasets::Table;

namespace {

class Stopwatch {
 public:
  double Microseconds() const {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::vector<RecordId> Sorted(std::vector<RecordId> ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

Error DamagedStore(const std::string& directory, const std::string& what) {
  return {ErrorCode::kStoreDamaged, what + " is damaged", directory, "restore a backup, or train again"};
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

unlearn::Model& Store::model() { return impl_->model; }
const unlearn::Model& Store::model() const { return impl_->model; }
forest::Digest Store::Root() { return impl_->Root(); }
std::uint64_t Store::forgotten() const { return impl_->counters.forgotten; }
std::uint64_t Store::subjects() const { return impl_->counters.with_subject; }

std::map<std::string, std::uint64_t> Store::DiskBytes() const {
  std::map<std::string, std::uint64_t> bytes = impl_->database->DiskBytes();
  std::uint64_t total = 0;
  for (const auto& [kind, size] : bytes) total += size;
  bytes["total"] = total;
  return bytes;
}

Result<Outcome> Store::Forget(const ForgetRequest& request) {
  if (impl_->closed) return *impl_->closed;
  if (request.records.empty() && request.subjects.empty()) {
    return Error{ErrorCode::kUsage, "nobody to forget", "", "name a record, a subject or a file of records"};
  }
  Result<Impl::Resolved> resolved = impl_->Resolve(request);
  if (!resolved) return resolved.error();
  Outcome outcome = std::move(resolved->outcome);
  outcome.root_before = outcome.root_after = impl_->Root();
  if (!outcome.unknown.empty() || !outcome.unknown_subjects.empty() || resolved->ids.empty()) return outcome;

  // What the batch needs to know of the records is read before they are gone.
  const Counters before = impl_->counters;
  Database::Batch batch(*impl_->database);
  if (Status status = impl_->EraseRecords(resolved->ids, /*forgotten=*/true, batch); !status) {
    impl_->counters = before;
    return status.error();
  }
  const Stopwatch update;
  Result<unlearn::Effect> effect = impl_->model.Forget(resolved->ids);
  outcome.update_us = update.Microseconds();
  if (!effect) {
    impl_->counters = before;
    return effect.error();
  }
  outcome.effect = *effect;
  outcome.root_after = impl_->Root();
  outcome.records = Sorted(std::move(resolved->ids));
  if (request.dry_run) {
    impl_->counters = before;
    impl_->closed = Error{ErrorCode::kUsage, "a dry run has changed this model in memory", impl_->directory,
                          "open the store again"};
    return outcome;
  }
  const Stopwatch commit;
  if (Status status = impl_->Commit(batch, before); !status) return status.error();
  outcome.commit_us = commit.Microseconds();
  return outcome;
}

Result<Outcome> Store::Learn(const Table& table) {
  if (impl_->closed) return *impl_->closed;
  Outcome outcome;
  outcome.root_before = impl_->Root();
  const Stopwatch update;
  Result<unlearn::Effect> effect = impl_->model.Learn(table);
  outcome.update_us = update.Microseconds();
  if (!effect) return effect.error();
  outcome.effect = *effect;
  outcome.root_after = impl_->Root();
  outcome.records = Sorted(table.ids);

  const Counters before = impl_->counters;
  Database::Batch batch(*impl_->database);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const bool has_subject = !table.subjects.empty() && !table.subjects[i].empty();
    const std::string subject = has_subject ? SubjectKey(impl_->secret, table.subjects[i]) : std::string();
    batch.Delete(Family::kForgotten, RecordKey(impl_->secret, table.ids[i]));
    impl_->PutRecord(table.ids[i], subject, batch);
  }
  const Stopwatch commit;
  if (Status status = impl_->Commit(batch, before); !status) return status.error();
  outcome.commit_us = commit.Microseconds();
  return outcome;
}

Result<Outcome> Store::Correct(const Table& table) {
  if (impl_->closed) return *impl_->closed;
  Outcome outcome;
  outcome.root_before = outcome.root_after = impl_->Root();
  outcome.unknown = impl_->model.Unknown(table.ids);
  if (!outcome.unknown.empty()) return outcome;

  std::vector<std::string> subjects;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Result<RecordValue> old = impl_->ReadRecord(table.ids[i]);
    if (!old) return old.error();
    const bool renamed = !table.subjects.empty() && !table.subjects[i].empty();
    subjects.push_back(renamed ? SubjectKey(impl_->secret, table.subjects[i]) : old->subject_key);
  }
  const Counters before = impl_->counters;
  Database::Batch batch(*impl_->database);
  if (Status status = impl_->EraseRecords(table.ids, /*forgotten=*/false, batch); !status) {
    impl_->counters = before;
    return status.error();
  }
  const Stopwatch update;
  Result<unlearn::Effect> effect = impl_->model.Correct(table);
  outcome.update_us = update.Microseconds();
  if (!effect) {
    impl_->counters = before;
    return effect.error();
  }
  outcome.effect = *effect;
  outcome.root_after = impl_->Root();
  outcome.records = Sorted(table.ids);
  for (std::size_t i = 0; i < table.size(); ++i) impl_->PutRecord(table.ids[i], subjects[i], batch);
  const Stopwatch commit;
  if (Status status = impl_->Commit(batch, before); !status) return status.error();
  outcome.commit_us = commit.Microseconds();
  return outcome;
}

}  // namespace hedgerow::storage
