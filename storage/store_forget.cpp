// Forgetting, at once or in parts (store.h).
#include <algorithm>

#include "datasets/stopwatch.h"
#include "storage/bytes.h"
#include "storage/keys.h"
#include "storage/store_impl.h"

namespace hedgerow::storage {

using datasets::RecordId;
using datasets::Stopwatch;

namespace {

// Ids that are looked up while updates wait.
constexpr std::size_t kIdsAtATime = 256;

// What a request asks for, in bytes, to tell a repeated one from another.
std::string ContentOf(const ForgetRequest& request) {
  Writer writer;
  writer.U8(static_cast<std::uint8_t>(UpdateKind::kForget));
  std::vector<RecordId> ids = request.records;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  writer.Varint(ids.size());
  for (const RecordId id : ids) writer.U64(id);
  std::vector<std::string> subjects = request.subjects;
  std::sort(subjects.begin(), subjects.end());
  for (const std::string& subject : subjects) writer.Text(subject);
  return writer.bytes();
}

bool Refused(const ForgetRequest& request, const Outcome& outcome) {
  return !outcome.unknown.empty() || (!outcome.unknown_subjects.empty() && !request.skip_unknown_subjects);
}

}  // namespace

Result<Outcome> Store::Forget(const ForgetRequest& request) {
  if (request.records.empty() && request.subjects.empty()) {
    return Error{ErrorCode::kUsage, "nobody to forget", "", "name a record, a subject or a file of records"};
  }
  const bool parts = request.records_at_a_time != 0 && !request.dry_run;
  return parts ? impl_->ForgetInParts(request) : impl_->ForgetAtOnce(request);
}

Result<bool> Store::NamesMoreThan(const ForgetRequest& request, std::size_t records) const {
  std::size_t named = request.records.size();
  for (const std::string& subject : request.subjects) {
    if (named > records) break;
    const Result<std::vector<RecordId>> ids = impl_->IdsOf(SubjectKey(impl_->secret, subject), records + 1 - named);
    if (!ids) return ids.error();
    named += ids->size();
  }
  return named > records;
}

Result<Outcome> Store::Impl::ForgetAtOnce(const ForgetRequest& request) {
  const std::string content_key = ContentKey(secret, ContentOf(request));
  const auto lock = updates.First();
  if (Status status = Usable(); !status) return status.error();
  Update update(*this);
  const auto earlier = Identify(request.options, content_key, update);
  if (!earlier) return earlier.error();
  if (*earlier) return Repeat(**earlier, update.request_id);
  Result<Resolved> resolved = Resolve(request);
  if (!resolved) return resolved.error();
  Outcome outcome = std::move(resolved->outcome);
  outcome.request_id = update.request_id;
  if (request.options.with_roots) outcome.root_before = outcome.root_after = Root();
  if (Refused(request, outcome) || resolved->ids.empty()) return outcome;

  if (request.options.with_roots) NoteRoot(outcome.root_before);
  outcome.commitment = Commitment(IdentitiesOf(request.records, request.subjects));
  update.subjects = outcome.commitment.Root();
  if (Status status = ForgetPart(resolved->ids, update, request.dry_run, outcome); !status) return status.error();
  if (request.options.with_roots) outcome.root_after = Root();
  if (request.options.with_roots && !request.dry_run) NoteRoot(outcome.root_after);
  outcome.records = std::move(resolved->ids);
  return outcome;
}

// Makes the update that forgets these records, and adds what it did to the outcome. Under `updates`.
Status Store::Impl::ForgetPart(const std::vector<RecordId>& ids, Update& update, bool dry_run, Outcome& outcome) {
  const Stopwatch commit;
  if (Status status = EraseRecords(ids, /*forgotten=*/true, update); !status) return status.error();
  update.entry.kind = UpdateKind::kForget;
  update.entry.records = ids.size();
  if (dry_run) {
    closed = Error{ErrorCode::kUsage, "a dry run has changed this model in memory", directory, "open the store again"};
  } else {
    if (Status status = Write(update); !status) return status.error();
    outcome.sequence = update.counters.sequence;
  }
  outcome.commit_us += commit.Microseconds();
  const Stopwatch forgetting;
  const unlearn::Effect effect = *model.Forget(ids);
  outcome.update_us += forgetting.Microseconds();
  outcome.effect += effect;
  outcome.record_count += ids.size();
  if (!dry_run) Finish(update, effect);
  return {};
}

// As Resolve, but updates come in between: who is here may be gone when her part comes.
Result<Store::Impl::Resolved> Store::Impl::ResolveInParts(const ForgetRequest& request) {
  Resolved all;
  const auto add = [&](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  for (std::size_t begin = 0; begin < request.records.size(); begin += kIdsAtATime) {
    const auto from = request.records.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::size_t count = std::min(kIdsAtATime, request.records.size() - begin);
    ForgetRequest some;
    some.records.assign(from, from + static_cast<std::ptrdiff_t>(count));
    const auto lock = updates.After();
    const Result<Resolved> resolved = Resolve(some);
    if (!resolved) return resolved.error();
    add(all.ids, resolved->ids);
    add(all.outcome.unknown, resolved->outcome.unknown);
    add(all.outcome.already_forgotten, resolved->outcome.already_forgotten);
  }
  for (std::size_t i = 0; i < request.subjects.size(); ++i) {
    // Without the lock: a person may have very many records.
    const std::string key = SubjectKey(secret, request.subjects[i]);
    const Result<std::vector<RecordId>> ids = IdsOf(key);
    if (!ids) return ids.error();
    add(all.ids, *ids);
    if (!ids->empty()) continue;
    const Result<bool> forgotten = WasForgotten(key);
    if (!forgotten) return forgotten.error();
    (*forgotten ? all.outcome.already_forgotten_subjects : all.outcome.unknown_subjects).push_back(i);
  }
  for (std::vector<RecordId>* ids : {&all.ids, &all.outcome.unknown, &all.outcome.already_forgotten}) {
    std::sort(ids->begin(), ids->end());
    ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
  }
  return all;
}

// The next so many of the records that are still here. Under `updates`.
std::vector<RecordId> Store::Impl::NextPart(const std::vector<RecordId>& ids, std::size_t records,
                                            std::size_t& begin) const {
  std::vector<RecordId> part;
  for (; begin < ids.size() && part.size() < records; ++begin) {
    if (model.records().Find(ids[begin])) part.push_back(ids[begin]);
  }
  return part;
}

// Each part is an update of its own. The last one has the request's id, so that a request which a crash cut short is
// carried out to its end when it is made again, and is then answered as one that was carried out.
Result<Outcome> Store::Impl::ForgetInParts(const ForgetRequest& request) {
  UpdateOptions options = request.options;
  if (options.request_id.empty()) options.request_id = MakeRequestId();
  const std::string content_key = ContentKey(secret, ContentOf(request));
  {
    const auto lock = updates.After();
    if (Status status = Usable(); !status) return status.error();
    Update update(*this);
    const auto earlier = Identify(options, content_key, update);
    if (!earlier) return earlier.error();
    if (*earlier) return Repeat(**earlier, options.request_id);
  }
  Result<Resolved> resolved = ResolveInParts(request);
  if (!resolved) return resolved.error();
  Outcome outcome = std::move(resolved->outcome);
  outcome.request_id = options.request_id;
  if (Refused(request, outcome) || resolved->ids.empty()) return outcome;
  outcome.commitment = Commitment(IdentitiesOf(request.records, request.subjects));
  const Hash subjects = outcome.commitment.Root();

  const auto note_root = [&](forest::Digest& root) -> Status {
    if (!options.with_roots) return {};
    const Result<forest::Digest> taken = RootInPassing();
    if (!taken) return taken.error();
    root = *taken;
    return {};
  };
  if (Status status = note_root(outcome.root_before); !status) return status.error();
  const std::vector<RecordId>& ids = resolved->ids;
  for (std::size_t begin = 0; begin < ids.size();) {
    if (begin != 0) model.AwaitRoom();
    const auto one = parts.After();
    const auto lock = updates.After();
    if (Status status = Usable(); !status) return status.error();
    Update update(*this);
    const auto earlier = Identify(options, content_key, update);
    if (!earlier) return earlier.error();
    if (*earlier) return Repeat(**earlier, options.request_id);  // somebody made the same request meanwhile
    const std::vector<RecordId> part = NextPart(ids, request.records_at_a_time, begin);
    if (part.empty()) break;  // others have forgotten the rest
    update.part = begin < ids.size();
    update.others = outcome.record_count;
    update.subjects = subjects;
    if (Status status = ForgetPart(part, update, /*dry_run=*/false, outcome); !status) return status.error();
    outcome.records.insert(outcome.records.end(), part.begin(), part.end());
  }
  if (Status status = note_root(outcome.root_after); !status) return status.error();
  return outcome;
}

}  // namespace hedgerow::storage
