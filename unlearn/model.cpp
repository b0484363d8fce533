#include "unlearn/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace hedgerow::unlearn {

using datasets::RecordId;
using datasets::Table;
using forest::Slot;

namespace {

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
      published_(std::make_unique<Published>(*forest_, executor, sequence)),
      sequence_(sequence) {}

void Model::PublishNext() {
  ++sequence_;
  Publish();
}

Effect Model::Remove(std::span<const Slot> slots) {
  const Effect effect = updater_->Update(*forest_, *records_, slots, {});
  for (const Slot slot : slots) records_->Remove(slot);
  return effect;
}

Result<Effect> Model::Forget(std::span<const RecordId> ids) {
  if (const std::size_t unknown = Unknown(ids).size(); unknown != 0) return UnknownRecords(unknown, ids.size());
  const std::vector<Slot> slots = FindAll(ids, *records_);
  const Effect effect = Remove(slots);
  if (!slots.empty()) PublishNext();
  return effect;
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

Effect Model::Insert(const Table& table, std::span<const Slot> slots) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    records_->InsertAt(slots[i], table.ids[i], table.labels[i], table.row(i));
  }
  return updater_->Update(*forest_, *records_, {}, slots);
}

Effect Model::LearnAt(const Table& table, std::span<const Slot> slots) {
  const Effect effect = Insert(table, slots);
  if (!slots.empty()) PublishNext();
  return effect;
}

Effect Model::CorrectAt(const Table& table, std::span<const Slot> slots) {
  // Two passes, since an update wants each id once; the trees are the same both times.
  Effect effect = Remove(FindAll(table.ids, *records_));
  const std::uint64_t trees = effect.trees;
  effect += Insert(table, slots);
  effect.trees = trees;
  if (!slots.empty()) PublishNext();
  return effect;
}

Result<Effect> Model::Learn(const Table& table) {
  if (Status status = CheckLearn(table); !status) return status.error();
  return LearnAt(table, records_->TakeSlots(table.size()));
}

Result<Effect> Model::Correct(const Table& table) {
  if (Status status = CheckCorrect(table); !status) return status.error();
  return CorrectAt(table, records_->TakeSlots(table.size()));
}

std::uint64_t Model::Predict(const forest::Cell* row, double* probabilities) const {
  const Published::Reading reading = published_->Read();
  reading->Predict(row, probabilities);
  return reading->sequence();
}

std::uint64_t Model::PredictBatch(const forest::Cell* rows, std::size_t count, double* probabilities,
                                  forest::Executor& executor) const {
  std::uint64_t sequence = 0;
  for (std::size_t begin = 0; begin == 0 || begin < count; begin += kRowsAState) {
    const Published::Reading reading = published_->Read();
    if (begin == 0) sequence = reading->sequence();
    reading->PredictBatch(rows + begin * forest_->width(), std::min(kRowsAState, count - begin),
                          probabilities + begin * forest_->classes(), executor);
  }
  return sequence;
}

std::vector<RecordId> Model::Unknown(std::span<const RecordId> ids) const {
  std::vector<RecordId> unknown;
  for (const RecordId id : ids) {
    if (!records_->Find(id)) unknown.push_back(id);
  }
  return unknown;
}

forest::Forest Model::Regrow(forest::Executor& executor, const Progress& progress) const {
  forest::Forest regrown(forest_->parameters(), forest_->schema());
  regrown.Grow(*records_, executor, progress);
  return regrown;
}

forest::Digest Model::Root(forest::Executor& executor) {
  return forest_->Root(*records_, executor);
}

}  // namespace hedgerow::unlearn
