#include "unlearn/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <unordered_set>
#include <utility>

namespace hedgerow::unlearn {

using datasets::RecordId;
using datasets::Table;
using forest::Slot;

namespace {

constexpr std::uint32_t kNoLimit = 0xffffffffU;

Error UnknownRecords(std::size_t unknown, std::size_t asked) {
  return {ErrorCode::kUnknownRecord, fmt::format("{} of {} records are not in the model", unknown, asked), "", ""};
}

// Whether the table's rows fit the schema and its ids are distinct.
Status CheckTable(const datasets::Schema& schema, const Table& table) {
  if (table.width != schema.features.size() || table.cells.size() != table.size() * table.width ||
      table.labels.size() != table.size() || (!table.subjects.empty() && table.subjects.size() != table.size())) {
    return Error{ErrorCode::kBadInput, "the records do not have the schema's shape", "",
                 "read them with the schema of the model"};
  }
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table.labels[i] < schema.classes.size()) continue;
    return Error{ErrorCode::kBadInput, fmt::format("record {} of the batch has no class of the schema", i + 1), "", ""};
  }
  std::unordered_set<RecordId> seen;
  seen.reserve(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (seen.insert(table.ids[i]).second) continue;
    return Error{ErrorCode::kBadInput, fmt::format("record {} of the batch repeats an earlier id", i + 1), "",
                 "give each record an id of its own"};
  }
  return {};
}

std::vector<Slot> FindAll(std::span<const RecordId> ids, const forest::Records& records) {
  std::vector<Slot> slots;
  for (const RecordId id : ids) {
    if (const auto slot = records.Find(id)) slots.push_back(*slot);
  }
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

}  // namespace

Result<Model> Model::Train(forest::Parameters parameters, datasets::Schema schema, const Table& table,
                           forest::Executor& executor, const Progress& progress) {
  if (Status status = Validate(parameters); !status) return status.error();
  if (Status status = CheckTable(schema, table); !status) return status.error();
  parameters = Resolve(parameters, table.size(), schema.classes.size());
  forest::Records records(table.width, parameters.seed);
  records.Reserve(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) records.Insert(table.ids[i], table.labels[i], table.row(i));
  forest::Forest forest(parameters, std::move(schema));
  forest.Grow(records, executor, progress);
  return Model(std::move(forest), std::move(records), executor);
}

Model::Model(forest::Forest forest, forest::Records records, forest::Executor& executor, std::uint64_t sequence)
    : forest_(std::make_unique<forest::Forest>(std::move(forest))),
      records_(std::make_unique<forest::Records>(std::move(records))),
      updater_(std::make_unique<Updater>(forest_->context())),
      lock_(std::make_unique<WriterLock>()),
      backlog_(std::make_unique<Backlog>(*records_, sequence)),
      published_(std::make_unique<Published>(*forest_, executor, sequence)),
      sequence_(sequence) {
  UseSteps({});
}

std::uint32_t Model::InlineRecords() const {
  const bool busy = backlog_->waiting() >= deferring_->busy_places;
  return busy ? std::max(deferring_->inline_records, deferring_->busy_inline_records) : deferring_->inline_records;
}

std::uint64_t Model::Now() const {
  return deferring_ && deferring_->now ? deferring_->now() : 0;
}

Effect Model::Update(std::span<const Slot> removed, std::span<const Slot> added) {
  if (!deferring_) {
    const Effect effect = updater_->Update(*forest_, *records_, removed, added);
    totals_ += effect;
    return effect;
  }
  const bool full = backlog_->waiting() >= deferring_->queue_limit;
  Deferral deferral{.inline_records = full ? kNoLimit : InlineRecords(),
                    .inline_counted = deferring_->inline_counted,
                    .hedge_min_records = deferring_->hedges.min_records,
                    .hedge_max_records = deferring_->hedges.max_records,
                    .hedge_horizon = deferring_->hedges.horizon,
                    .number = backlog_->number(),
                    .time_ns = Now()};
  Effect effect = updater_->Update(*forest_, *records_, removed, added, &deferral);
  for (const auto& quarantine : deferral.quarantines) backlog_->Add(quarantine);
  hedger_->Follow(deferral);
  totals_ += effect;
  effect.put_off = !deferral.quarantines.empty() || !deferral.lagging.empty() || !deferral.wishes.empty();
  return effect;
}

template <class Change>
Effect Model::Make(const Change& change) {
  Effect effect;
  {
    const auto lock = lock_->First();
    sequence_ = backlog_->NextNumber();
    effect = change();
    published_->Publish(sequence_);
  }
  if (background_ != nullptr && effect.put_off) background_->Wake();
  return effect;
}

Effect Model::Take(std::span<const Slot> slots) {
  const Effect effect = Update(slots, {});
  backlog_->Remove(slots, backlog_->number());
  return effect;
}

Effect Model::Put(const Table& table, std::span<const Slot> slots) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    records_->InsertAt(slots[i], table.ids[i], table.labels[i], table.row(i));
  }
  return Update({}, slots);
}

std::vector<Slot> Model::TakeSlots(std::size_t count) {
  const auto lock = lock_->First();
  return records_->TakeSlots(count);
}

void Model::FreeSlots(std::span<const Slot> slots) {
  const auto lock = lock_->First();
  for (const Slot slot : slots) records_->FreeSlot(slot);
}

Result<Effect> Model::Forget(std::span<const RecordId> ids) {
  if (const std::size_t unknown = Unknown(ids).size(); unknown != 0) return UnknownRecords(unknown, ids.size());
  const std::vector<Slot> slots = FindAll(ids, *records_);
  if (slots.empty()) return Effect{};
  return Make([&] { return Take(slots); });
}

Status Model::CheckLearn(const Table& table) const {
  if (Status status = CheckTable(forest_->schema(), table); !status) return status;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (!records_->Find(table.ids[i])) continue;
    return Error{ErrorCode::kBadInput, fmt::format("the id of record {} of the batch is already in the model", i + 1),
                 "", "to replace a record, correct it"};
  }
  return {};
}

Status Model::CheckCorrect(const Table& table) const {
  if (Status status = CheckTable(forest_->schema(), table); !status) return status;
  if (const std::size_t unknown = Unknown(table.ids).size(); unknown != 0) return UnknownRecords(unknown, table.size());
  return {};
}

Effect Model::LearnAt(const Table& table, std::span<const Slot> slots) {
  if (slots.empty()) return {};
  return Make([&] { return Put(table, slots); });
}

Effect Model::CorrectAt(const Table& table, std::span<const Slot> slots) {
  if (slots.empty()) return {};
  return Make([&] {
    // Two passes, since an update wants each id once; the trees are the same both times.
    Effect effect = Take(FindAll(table.ids, *records_));
    const std::uint64_t trees = effect.trees;
    effect += Put(table, slots);
    effect.trees = trees;
    return effect;
  });
}

Result<Effect> Model::Learn(const Table& table) {
  if (Status status = CheckLearn(table); !status) return status.error();
  return LearnAt(table, TakeSlots(table.size()));
}

Result<Effect> Model::Correct(const Table& table) {
  if (Status status = CheckCorrect(table); !status) return status.error();
  return CorrectAt(table, TakeSlots(table.size()));
}

forest::MemoryParts Model::Memory() const {
  forest::MemoryParts parts;
  forest_->AddMemory(parts);
  AddMemoryBesideForest(parts);
  return parts;
}

void Model::AddMemoryBesideForest(forest::MemoryParts& parts) const {
  records_->AddMemory(parts);
  published_->layout().AddMemory(parts);
  if (cache_ != nullptr) parts["cache"] = {cache_->entries(), cache_->MemoryBytes()};
}

Survey Model::TakeSurvey(const Progress& progress) const {
  Survey survey;
  Surveyor surveyor;
  const std::size_t trees = forest_->trees().size();
  for (std::size_t t = 0; t < trees; ++t) {
    for (bool more = true, first = t == 0; more; first = false) {
      {
        const auto lock = lock_->After();
        if (first) survey.from = sequence_;
        more = surveyor.Step(*forest_, t);
      }
      std::this_thread::yield();  // a processor too
    }
    if (progress) progress(t + 1, trees);
  }
  const auto lock = lock_->After();
  survey.through = sequence_;
  surveyor.AddTo(*forest_, survey);
  AddMemoryBesideForest(survey.memory);
  return survey;
}

std::vector<RecordId> Model::Unknown(std::span<const RecordId> ids) const {
  std::vector<RecordId> unknown;
  for (const RecordId id : ids) {
    if (!records_->Find(id)) unknown.push_back(id);
  }
  return unknown;
}

forest::Forest Model::Regrow(forest::Executor& executor, const Progress& progress) const {
  const auto lock = lock_->First();
  forest::Forest regrown(forest_->parameters(), forest_->schema());
  regrown.Grow(*records_, executor, progress);
  return regrown;
}

forest::Digest Model::Root(forest::Executor& executor) {
  AwaitExact(sequence());
  const auto lock = lock_->First();
  return forest_->Root(*records_, executor);
}

}  // namespace hedgerow::unlearn
