#include "storage/store_impl.h"

#include <algorithm>
#include <set>

#include "storage/bytes.h"
#include "storage/keys.h"
#include "storage/pages.h"

namespace hedgerow::storage {

using datasets::RecordId;

namespace {

// The body of a marker: that the record or the subject was here and was forgotten.
constexpr std::string_view kForgottenBody = "\x01";

std::string EncodeId(RecordId id) {
  Writer writer;
  writer.U64(id);
  return writer.bytes();
}

void PutSealed(Family family, const std::string& key, std::string_view body, Database::Batch& batch) {
  batch.Put(family, key, Seal(key, body));
}

}  // namespace

Result<Store::Impl::Resolved> Store::Impl::Resolve(const ForgetRequest& request) const {
  Resolved resolved;
  std::set<RecordId> seen;
  for (const RecordId id : request.records) {
    if (!seen.insert(id).second) continue;
    if (model.records().Find(id)) {
      resolved.ids.push_back(id);
      continue;
    }
    const Result<bool> forgotten = WasForgotten(RecordKey(secret, id));
    if (!forgotten) return forgotten.error();
    (*forgotten ? resolved.outcome.already_forgotten : resolved.outcome.unknown).push_back(id);
  }
  for (std::size_t i = 0; i < request.subjects.size(); ++i) {
    if (Status status = ResolveSubject(request.subjects[i], i, resolved); !status) return status.error();
  }
  std::sort(resolved.ids.begin(), resolved.ids.end());
  resolved.ids.erase(std::unique(resolved.ids.begin(), resolved.ids.end()), resolved.ids.end());
  return resolved;
}

Status Store::Impl::ResolveSubject(const std::string& subject, std::size_t position, Resolved& resolved) const {
  const std::string key = SubjectKey(secret, subject);
  const Result<std::vector<RecordId>> ids = IdsOf(key);
  if (!ids) return ids.error();
  for (const RecordId id : *ids) {
    if (!model.records().Find(id)) return DamagedStore(directory, "the index of subjects");
    resolved.ids.push_back(id);
  }
  if (!ids->empty()) return {};
  const Result<bool> forgotten = WasForgotten(key);
  if (!forgotten) return forgotten.error();
  Outcome& outcome = resolved.outcome;
  (*forgotten ? outcome.already_forgotten_subjects : outcome.unknown_subjects).push_back(position);
  return {};
}

Result<RecordValue> Store::Impl::ReadRecord(RecordId id) const {
  const std::string key = RecordKey(secret, id);
  const Result<std::optional<std::string>> sealed = database->Get(Family::kRecords, key);
  if (!sealed) return sealed.error();
  const auto body = *sealed ? Unseal(key, **sealed) : std::nullopt;
  auto record = body ? DecodeRecord(*body, model.forest().width(), model.forest().classes()) : std::nullopt;
  if (!record || record->id != id) return DamagedStore(directory, "a record");
  return std::move(*record);
}

Result<std::vector<RecordId>> Store::Impl::IdsOf(const std::string& subject_key) const {
  std::vector<RecordId> ids;
  const Status status = database->ForEach(
      Family::kSubjects, subject_key, [&](std::string_view key, std::string_view value) -> Status {
        const auto body = Unseal(key, value);
        if (!body || body->size() != sizeof(RecordId)) return DamagedStore(directory, "the index of subjects");
        ids.push_back(Reader(*body).U64());
        return {};
      });
  if (!status) return status.error();
  return ids;
}

Result<bool> Store::Impl::WasForgotten(const std::string& key) const {
  const Result<std::optional<std::string>> marker = database->Get(Family::kForgotten, key);
  if (!marker) return marker.error();
  if (!*marker) return false;
  if (!Unseal(key, **marker)) return DamagedStore(directory, "the list of forgotten records");
  return true;
}

void Store::Impl::PutRecord(RecordId id, const std::string& subject_key, Database::Batch& batch) {
  const forest::Records& records = model.records();
  const forest::Slot slot = *records.Find(id);
  const datasets::Cell* row = records.row(slot);
  const RecordValue record{slot, id, records.label(slot), subject_key, {row, row + records.width()}};
  const std::string key = RecordKey(secret, id);
  PutSealed(Family::kRecords, key, EncodeRecord(record), batch);
  if (subject_key.empty()) return;
  PutSealed(Family::kSubjects, subject_key + key, EncodeId(id), batch);
  batch.Delete(Family::kForgotten, subject_key);
  ++counters.with_subject;
}

Status Store::Impl::EraseRecords(const std::vector<RecordId>& ids, bool forgotten, Database::Batch& batch) {
  std::set<std::string> subjects;
  for (const RecordId id : ids) {
    const Result<RecordValue> record = ReadRecord(id);
    if (!record) return record.error();
    const std::string key = RecordKey(secret, id);
    batch.Delete(Family::kRecords, key);
    if (forgotten) {
      PutSealed(Family::kForgotten, key, kForgottenBody, batch);
      ++counters.forgotten;
    }
    if (record->subject_key.empty()) continue;
    batch.Delete(Family::kSubjects, record->subject_key + key);
    if (forgotten) subjects.insert(record->subject_key);
    --counters.with_subject;
  }
  for (const std::string& subject : subjects) {
    if (Status status = MarkSubject(subject, ids, batch); !status) return status;
  }
  return {};
}

Status Store::Impl::MarkSubject(const std::string& subject_key, const std::vector<RecordId>& erased,
                                Database::Batch& batch) const {
  const Result<std::vector<RecordId>> all = IdsOf(subject_key);
  if (!all) return all.error();
  const std::set<RecordId> gone(erased.begin(), erased.end());
  const auto stays = [&](RecordId id) { return !gone.contains(id); };
  if (std::none_of(all->begin(), all->end(), stays)) PutSealed(Family::kForgotten, subject_key, kForgottenBody, batch);
  return {};
}

Status Store::Impl::Commit(Database::Batch& batch, const Counters& before) {
  counters.records = model.records().size();
  counters.slot_end = model.records().slot_end();
  PutSealed(Family::kMeta, kCountersKey, EncodeCounters(counters), batch);
  WritePages(model.forest(), batch);
  if (Status status = database->Write(batch, /*sync=*/true); !status) {
    counters = before;
    closed = status.error();
    return status;
  }
  MarkStored(model.forest());
  return {};
}

}  // namespace hedgerow::storage
