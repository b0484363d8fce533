#include "storage/store.h"

#include <algorithm>

#include "datasets/stopwatch.h"
#include "storage/bytes.h"
#include "storage/pages.h"
#include "storage/store_impl.h"

namespace hedgerow::storage {

using datasets::RecordId;
using datasets::Stopwatch;
using datasets::Table;

namespace {

std::vector<RecordId> Sorted(std::vector<RecordId> ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

// What a request asks for, in bytes, to tell a repeated one from another.
std::string ContentOf(UpdateKind kind, const Table& table) {
  Writer writer;
  writer.U8(static_cast<std::uint8_t>(kind));
  for (std::size_t i = 0; i < table.size(); ++i) {
    writer.U64(table.ids[i]);
    writer.U8(table.labels[i]);
    writer.Text(table.subjects.empty() ? std::string() : table.subjects[i]);
    writer.Raw(table.row(i).data(), table.row(i).size_bytes());
  }
  return writer.bytes();
}

std::vector<RecordValue> MakeRows(const Table& table, std::uint64_t born, const std::vector<std::string>& subject_keys,
                                  const std::vector<forest::Slot>& slots) {
  std::vector<RecordValue> rows;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto cells = table.row(i);
    rows.push_back({born, slots[i], table.ids[i], table.labels[i], subject_keys[i], {cells.begin(), cells.end()}});
  }
  return rows;
}

constexpr std::string_view kStageNames[] = {"unlearned", "durable", "exact", "erased"};

}  // namespace

std::string_view NameOf(Stage stage) {
  return kStageNames[static_cast<std::size_t>(stage)];
}

std::optional<Stage> StageOf(std::string_view name) {
  const auto found = std::find(std::begin(kStageNames), std::end(kStageNames), name);
  if (found == std::end(kStageNames)) return std::nullopt;
  return static_cast<Stage>(found - std::begin(kStageNames));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

unlearn::Model& Store::model() {
  return impl_->model;
}
const unlearn::Model& Store::model() const {
  return impl_->model;
}

forest::Digest Store::Root() {
  const auto lock = impl_->updates.First();
  return impl_->Root();
}
std::uint64_t Store::sequence() const {
  return impl_->written;
}
std::uint64_t Store::forgotten() const {
  const auto lock = impl_->updates.First();
  return impl_->counters.forgotten;
}
std::uint64_t Store::subjects() const {
  const auto lock = impl_->updates.First();
  return impl_->counters.with_subject;
}

std::map<std::string, std::uint64_t> Store::DiskBytes() const {
  std::map<std::string, std::uint64_t> bytes = impl_->database->DiskBytes();
  std::uint64_t total = 0;
  for (const auto& [kind, size] : bytes) total += size;
  bytes["total"] = total;
  return bytes;
}

std::map<std::string, std::uint64_t> Store::TableBytes() const {
  return impl_->database->TableBytes();
}

std::uint64_t Store::Predict(const datasets::Cell* rows, std::size_t count, double* probabilities,
                             forest::Executor& executor) const {
  return impl_->model.PredictBatch(rows, count, probabilities, executor);
}

std::uint64_t Store::PredictClasses(const datasets::Cell* rows, std::size_t count, datasets::ClassCode* answers,
                                    forest::Executor& executor) const {
  return impl_->model.PredictClasses(rows, count, answers, executor);
}

unlearn::ResultCache::Counts Store::cached() const {
  return impl_->model.cached();
}

// The rows of a table come: what learning and correcting share.
Result<Outcome> Store::Impl::Bring(const Table& table, const std::vector<std::string>& subject_keys,
                                   const UpdateOptions& options, Update& update, Outcome outcome) {
  const Stopwatch commit;
  if (options.with_roots) NoteRoot(outcome.root_before);
  const std::vector<forest::Slot> slots = model.TakeSlots(table.size());
  for (const RecordValue& row : MakeRows(table, update.counters.sequence, subject_keys, slots)) PutRecord(row, update);
  update.entry.records = table.size();
  if (Status status = Write(update); !status) {
    GiveBack(slots);
    return status.error();
  }
  outcome.sequence = update.counters.sequence;
  outcome.commit_us = commit.Microseconds();
  {
    const Stopwatch updating;
    const bool corrects = update.entry.kind == UpdateKind::kCorrect;
    outcome.effect = corrects ? model.CorrectAt(table, slots) : model.LearnAt(table, slots);
    outcome.update_us = updating.Microseconds();
  }
  Finish(update, outcome.effect);
  if (options.with_roots) NoteRoot(outcome.root_after = Root());
  outcome.record_count = table.size();
  outcome.records = Sorted(table.ids);
  return outcome;
}

Result<Outcome> Store::Learn(const Table& table, const UpdateOptions& options) {
  const std::string content_key = ContentKey(impl_->secret, ContentOf(UpdateKind::kLearn, table));
  const auto lock = impl_->updates.First();
  if (Status status = impl_->Usable(); !status) return status.error();
  Impl::Update update(*impl_);
  const auto earlier = impl_->Identify(options, content_key, update);
  if (!earlier) return earlier.error();
  if (*earlier) return impl_->Repeat(**earlier, update.request_id);
  if (Status status = impl_->model.CheckLearn(table); !status) return status.error();
  Outcome outcome;
  outcome.request_id = update.request_id;
  if (options.with_roots) outcome.root_before = outcome.root_after = impl_->Root();
  if (table.size() == 0) return outcome;

  std::vector<std::string> subjects(table.size());
  for (std::size_t i = 0; i < table.subjects.size(); ++i) {
    if (!table.subjects[i].empty()) subjects[i] = SubjectKey(impl_->secret, table.subjects[i]);
  }
  update.entry.kind = UpdateKind::kLearn;
  return impl_->Bring(table, subjects, options, update, std::move(outcome));
}

Result<Outcome> Store::Correct(const Table& table, const UpdateOptions& options) {
  const std::string content_key = ContentKey(impl_->secret, ContentOf(UpdateKind::kCorrect, table));
  const auto lock = impl_->updates.First();
  if (Status status = impl_->Usable(); !status) return status.error();
  Impl::Update update(*impl_);
  const auto earlier = impl_->Identify(options, content_key, update);
  if (!earlier) return earlier.error();
  if (*earlier) return impl_->Repeat(**earlier, update.request_id);
  Outcome outcome;
  outcome.request_id = update.request_id;
  outcome.unknown = impl_->model.Unknown(table.ids);
  if (options.with_roots) outcome.root_before = outcome.root_after = impl_->Root();
  if (!outcome.unknown.empty() || table.size() == 0) return outcome;
  if (Status status = impl_->model.CheckCorrect(table); !status) return status.error();

  std::vector<std::string> subjects;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Result<RecordValue> old = impl_->ReadRecord(table.ids[i]);
    if (!old) return old.error();
    const bool renamed = !table.subjects.empty() && !table.subjects[i].empty();
    subjects.push_back(renamed ? SubjectKey(impl_->secret, table.subjects[i]) : old->subject_key);
  }
  if (Status status = impl_->EraseRecords(table.ids, /*forgotten=*/false, update); !status) return status.error();
  update.entry.kind = UpdateKind::kCorrect;
  outcome.commitment = Commitment(IdentitiesOf(table.ids, {}));
  update.subjects = outcome.commitment.Root();
  return impl_->Bring(table, subjects, options, update, std::move(outcome));
}

}  // namespace hedgerow::storage
