#include "storage/store_impl.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "storage/bytes.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "storage/sealed.h"

namespace hedgerow::storage {

using datasets::RecordId;

namespace {

constexpr std::size_t kMaxRequestIdBytes = 128;

std::string EncodeId(RecordId id) {
  Writer writer;
  writer.U64(id);
  return writer.bytes();
}

}  // namespace

Store::Impl::Update::Update(Impl& impl) : batch(*impl.database), counters(impl.counters), log(impl.log) {
  ++counters.sequence;
  entry.time_us = NowUs();
}

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
  const Error damaged = DamagedStore(directory, "a record");
  const auto body = GetSealed(*database, Family::kRecords, RecordKey(secret, id), damaged);
  if (!body) return body.error();
  auto record = *body ? DecodeRecord(**body, model.forest().width(), model.forest().classes()) : std::nullopt;
  if (!record || record->id != id) return damaged;
  return std::move(*record);
}

Result<std::vector<RecordId>> Store::Impl::IdsOf(const std::string& subject_key, std::size_t most) const {
  std::vector<RecordId> ids;
  const Error enough{ErrorCode::kUsage, "enough", "", ""};  // no failure, but that is how one stops
  const Status status =
      database->ForEach(Family::kSubjects, subject_key, [&](std::string_view key, std::string_view value) -> Status {
        if (ids.size() == most) return enough;
        const auto body = Unseal(key, value);
        if (!body || body->size() != sizeof(RecordId)) return DamagedStore(directory, "the index of subjects");
        ids.push_back(Reader(*body).U64());
        return {};
      });
  if (!status && ids.size() != most) return status.error();
  return ids;
}

Result<bool> Store::Impl::WasForgotten(const std::string& key) const {
  const auto marker =
      GetSealed(*database, Family::kForgotten, key, DamagedStore(directory, "the list of forgotten records"));
  if (!marker) return marker.error();
  return marker->has_value();
}

Result<std::optional<NumberedEntry>> Store::Impl::Identify(const UpdateOptions& options, const std::string& content_key,
                                                           Update& update) const {
  if (options.request_id.size() > kMaxRequestIdBytes) {
    return Error{ErrorCode::kUsage, "the request id is too long", "", "use at most 128 bytes, a UUID for instance"};
  }
  update.request_id = options.request_id.empty() ? MakeRequestId() : options.request_id;
  update.role = options.role;
  update.entry.ground = options.ground;
  update.entry.request_key = RequestKey(secret, update.request_id);
  update.entry.content_key = content_key;
  Result<std::optional<NumberedEntry>> earlier = FindRequest(*database, update.entry.request_key, directory);
  if (!earlier || !*earlier || (*earlier)->entry.content_key == update.entry.content_key) return earlier;
  return Error{ErrorCode::kUsage, "the request id was used before, and asked for something else", "",
               "give each request an id of its own"};
}

Outcome Store::Impl::Repeat(const NumberedEntry& earlier, const std::string& request_id) {
  Outcome outcome;
  outcome.request_id = request_id;
  outcome.sequence = earlier.sequence;
  outcome.repeated = true;
  outcome.record_count = earlier.entry.records;
  outcome.root_before = outcome.root_after = Root();
  return outcome;
}

void Store::Impl::PutRecord(const RecordValue& record, Update& update) const {
  const std::string key = RecordKey(secret, record.id);
  PutSealed(Family::kRecords, key, EncodeRecord(record), update.batch);
  if (record.born != 0) update.batch.Delete(Family::kForgotten, key);
  ++update.counters.records;
  if (record.subject_key.empty()) return;
  PutSealed(Family::kSubjects, record.subject_key + key, EncodeId(record.id), update.batch);
  if (record.born != 0) update.batch.Delete(Family::kForgotten, record.subject_key);
  ++update.counters.with_subject;
}

Status Store::Impl::EraseRecords(const std::vector<RecordId>& ids, bool forgotten, Update& update) const {
  std::set<std::string> subjects;
  for (const RecordId id : ids) {
    const Result<RecordValue> record = ReadRecord(id);
    if (!record) return record.error();
    const std::string key = RecordKey(secret, id);
    const std::string pending_key = SequenceKey(update.counters.sequence) + key;
    update.batch.Delete(Family::kRecords, key);
    PutSealed(Family::kPending, pending_key, EncodeRecord(*record), update.batch);
    update.erasures.push_back({update.counters.sequence, record->slot, pending_key});
    update.entry.erased.push_back(key);
    --update.counters.records;
    if (forgotten) {
      PutSealed(Family::kForgotten, key, kForgottenBody, update.batch);
      ++update.counters.forgotten;
    }
    if (record->subject_key.empty()) continue;
    update.batch.Delete(Family::kSubjects, record->subject_key + key);
    if (forgotten) subjects.insert(record->subject_key);
    --update.counters.with_subject;
  }
  const std::unordered_set<RecordId> gone(ids.begin(), ids.end());
  for (const std::string& subject : subjects) {
    if (Status status = MarkSubject(subject, gone, update); !status) return status;
  }
  return {};
}

Status Store::Impl::MarkSubject(const std::string& subject_key, const std::unordered_set<RecordId>& gone,
                                Update& update) const {
  // Of more than are leaving, one stays.
  const Result<std::vector<RecordId>> all = IdsOf(subject_key, gone.size() + 1);
  if (!all) return all.error();
  const auto stays = [&](RecordId id) { return !gone.contains(id); };
  if (std::none_of(all->begin(), all->end(), stays)) {
    PutSealed(Family::kForgotten, subject_key, kForgottenBody, update.batch);
  }
  return {};
}

Status Store::Impl::Usable() {
  if (closed) return *closed;
  if (!database->broken()) return {};
  if (Status status = database->Recover(); !status) return status;
  // An update that was refused has not happened, and one that was not has.
  const Result<Counters> stored = ReadCounters(*database, directory);
  if (!stored) return stored.error();
  if (stored->sequence != counters.sequence) {
    closed = Error{ErrorCode::kIo, "the disk has failed and is not as it was left", directory, "open the store again"};
    return *closed;
  }
  synced = counters.sequence;
  return {};
}

Status Store::Impl::Write(Update& update) {
  const std::string key = SequenceKey(update.counters.sequence);
  update.counters.slot_end = model.records().slot_end();
  LogAccepted(update);
  if (update.part && update.others == 0) {
    if (Status status = NoteFirstPart(update); !status) return status;
  }
  // What is found by the request's id is its last part, and tells of the whole.
  if (update.part) {
    update.entry.request_key = RequestKey(secret, fmt::format("{} part {}", update.request_id, ToHex(key)));
  } else {
    update.entry.records += update.others;
  }
  PutSealed(Family::kJournal, key, EncodeEntry(update.entry), update.batch);
  PutSealed(Family::kRequests, update.entry.request_key, key, update.batch);
  PutSealed(Family::kMeta, kCountersKey, EncodeCounters(update.counters), update.batch);
  return database->Write(update.batch, /*sync=*/false);
}

void Store::Impl::Finish(Update& update, const unlearn::Effect& effect) {
  counters = update.counters;
  log = update.log;
  written = counters.sequence;
  AwaitExactEntry(counters.sequence, effect);
  if (update.erasures.empty()) return;
  pending.insert(pending.end(), update.erasures.begin(), update.erasures.end());
  unerased.emplace_back(counters.sequence, update.erasures.size());
  if (!erase_within) return;
  const std::lock_guard lock(upkeep_mutex);
  // Half of the time is for the work itself.
  if (erasure_deadline) return;
  erasure_deadline = std::chrono::steady_clock::now() + *erase_within / 2;
  upkeep_wakes.notify_one();
}

void Store::Impl::GiveBack(const std::vector<forest::Slot>& slots) {
  model.FreeSlots(slots);
}

}  // namespace hedgerow::storage
