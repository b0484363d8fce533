// What follows an update: syncing, checkpoints, erasure from the disk (store.h).
#include <algorithm>

#include "datasets/thread_priority.h"
#include "storage/pages.h"
#include "storage/sealed.h"
#include "storage/store_impl.h"

namespace hedgerow::storage {

using Clock = std::chrono::steady_clock;

namespace {

// After a failure, of a full disk for instance, the upkeep thread tries again this much later.
constexpr std::chrono::seconds kRetry{1};

void PutProgress(const Progress& progress, Database::Batch& batch) {
  PutSealed(Family::kMeta, kProgressKey, EncodeProgress(progress), batch);
}

}  // namespace

Store::Impl::~Impl() {
  StopUpkeep();
  // What cannot be signed now is signed when the store is open again.
  if (database != nullptr && !closed && !database->broken()) static_cast<void>(Publish().ok());
}

void Store::Impl::StopUpkeep() {
  if (!upkeep_thread.joinable()) return;
  {
    const std::lock_guard lock(upkeep_mutex);
    stopping = true;
  }
  upkeep_wakes.notify_all();
  upkeep_thread.join();
}

// Group commit: whoever finds nobody syncing syncs for all that was written until then.
Status Store::Impl::SyncThrough(std::uint64_t sequence) {
  if (database->broken()) {
    const auto lock = updates.After();
    if (Status status = Usable(); !status) return status;
  }
  std::unique_lock lock(sync_mutex);
  while (synced < sequence) {
    if (syncing) {
      synced_more.wait(lock);
      continue;
    }
    syncing = true;
    const std::uint64_t through = written;
    lock.unlock();
    Status status = database->Sync();
    lock.lock();
    syncing = false;
    if (status.ok()) synced = std::max(synced.load(), through);
    synced_more.notify_all();
    if (!status) return status;
  }
  return {};
}

// A tree's changed pages, as of the last update; nothing if it has not changed. Under `updates`.
std::vector<TakenPage> Store::Impl::TakePagesOf(std::uint32_t tree, Database::Batch& batch) {
  const auto still = model.Lock();
  forest::Tree& taken = model.forest().trees()[tree];
  if (!IsDirty(taken)) return {};
  std::vector<TakenPage> pages = TakePages(model.forest(), tree, batch);
  PutSealed(Family::kMeta, CheckpointKey(tree), SequenceKey(counters.sequence), batch);
  MarkStored(taken);
  return pages;
}

// One tree is consistent by itself, so a checkpoint goes from tree to tree, and updates go on in between. They also go
// on while the pages are sealed and written: what is stored of a tree is older than the journal at any time.
Status Store::Impl::CheckpointTree(std::uint32_t tree, CheckpointReport& report) {
  Database::Batch batch(*database);
  std::vector<TakenPage> pages;
  {
    const auto lock = updates.After();
    // A dry run may have come in between.
    if (Status status = Usable(); !status) return status;
    const Clock::time_point start = Clock::now();
    pages = TakePagesOf(tree, batch);
    if (pages.empty()) return {};
    const double us = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
    report.longest_us = std::max(report.longest_us, us);
  }
  PutPages(pages, batch);
  ++report.trees;
  report.pages += pages.size();
  report.bytes += batch.bytes();
  Status status = database->Write(batch, /*sync=*/false);
  if (status) return status;
  const auto lock = updates.After();
  const auto still = model.Lock();
  MarkUnknown(model.forest().trees()[tree]);
  return status;
}

// All stored trees are as of `floor` at least: what left until then is in none of them, and its rows may go.
Status Store::Impl::CloseCheckpoint(std::uint64_t floor) {
  const auto lock = updates.After();
  if (Status status = Usable(); !status) return status;
  Database::Batch batch(*database);
  Progress next = progress;
  next.floor = floor;
  next.time_us = NowUs();
  PutProgress(next, batch);
  std::size_t done = 0;
  for (; done < pending.size() && pending[done].died <= floor; ++done)
    batch.Delete(Family::kPending, pending[done].key);
  if (Status status = database->Write(batch, /*sync=*/true); !status) return status;
  progress = next;
  // Only now may a slot that a stored tree named belong to another record.
  std::vector<forest::Slot> slots;
  for (std::size_t i = 0; i < done; ++i) slots.push_back(pending[i].slot);
  model.FreeSlots(slots);
  pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(done));
  return {};
}

Result<CheckpointReport> Store::Impl::Checkpoint() {
  CheckpointReport report;
  std::uint64_t floor = 0;
  {
    const auto lock = updates.After();
    if (Status status = Usable(); !status) return status.error();
    floor = counters.sequence;
  }
  for (std::uint32_t t = 0; t < model.forest().trees().size(); ++t) {
    if (Status status = CheckpointTree(t, report); !status) return status.error();
  }
  if (Status status = CloseCheckpoint(floor); !status) return status.error();
  return report;
}

Status Store::Impl::Compact() {
  const std::lock_guard one(upkeep);
  if (Result<CheckpointReport> report = Checkpoint(); !report) return report.error();
  std::uint64_t through = 0;
  {
    const auto lock = updates.After();
    through = progress.floor;
  }
  // Neither has the memory anything of them then.
  model.AwaitOverwritten(through);
  copies.AwaitNoneBefore(through);
  // The log tells of exactness before it tells of erasure.
  if (Status status = LogExact(); !status) return status;
  if (Status status = database->Purge(); !status) return status;
  if (Status status = LogErased(through); !status) return status;
  const std::lock_guard lock(upkeep_mutex);
  erased = through;
  erased_more.notify_all();
  return {};
}

std::uint64_t Store::Impl::ErasedThrough() {
  const auto lock = updates.First();
  return storage::ErasedThrough(unerased, counters);
}

Status Store::Impl::AwaitErased(std::uint64_t sequence) {
  // Of updates that removed nothing, nothing is to be erased.
  if (ErasedThrough() >= sequence) return SyncThrough(sequence);
  if (!upkeep_thread.joinable()) return erased >= sequence ? Status() : Compact();
  std::unique_lock lock(upkeep_mutex);
  erased_more.wait(lock, [&] { return erased >= sequence || upkeep_failed || stopping; });
  if (erased >= sequence) return {};
  if (upkeep_failed) return *upkeep_failed;
  return Error{ErrorCode::kStoreUnavailable, "the store is being closed", directory, "ask again when it is open"};
}

void Store::Impl::StartUpkeep() {
  // What an earlier process left behind is as urgent as anything.
  if (!unerased.empty()) erasure_deadline = Clock::now();
  upkeep_thread = std::thread([this] { RunUpkeep(); });
}

void Store::Impl::RunUpkeep() {
  datasets::StayBehind();
  std::unique_lock lock(upkeep_mutex);
  while (!stopping) {
    const auto due = erasure_deadline && publication_due ? std::min(*erasure_deadline, *publication_due)
                     : erasure_deadline                  ? *erasure_deadline
                                                         : publication_due.value_or(Clock::time_point::max());
    if (due == Clock::time_point::max()) {
      upkeep_wakes.wait(lock);
      continue;
    }
    if (Clock::now() < due) {
      upkeep_wakes.wait_until(lock, due);
      continue;
    }
    if (!erasure_deadline || Clock::now() < *erasure_deadline) {
      publication_due.reset();
      lock.unlock();
      const Status signed_now = Publish();
      lock.lock();
      if (!signed_now && !publication_due) publication_due = Clock::now() + kRetry;
      continue;
    }
    erasure_deadline.reset();
    lock.unlock();
    Status status = Compact();
    lock.lock();
    upkeep_failed = status ? std::nullopt : std::optional<Error>(status.error());
    publication_due = Clock::now();
    if (status) continue;
    erased_more.notify_all();
    erasure_deadline = Clock::now() + kRetry;
  }
  erased_more.notify_all();
}

Status Store::Await(std::uint64_t sequence, Stage stage) {
  if (sequence > impl_->written) {
    return Error{ErrorCode::kUsage, "there is no such update yet", "", "wait for an update that was acknowledged"};
  }
  if (stage == Stage::kUnlearned) return {};
  if (stage == Stage::kExact) impl_->model.AwaitExact(sequence);
  if (stage != Stage::kErased) return impl_->SyncThrough(sequence);
  return impl_->AwaitErased(sequence);
}

Result<std::optional<RequestStatus>> Store::StatusOf(std::string_view request_id) {
  const auto found = FindRequest(*impl_->database, RequestKey(impl_->secret, request_id), impl_->directory);
  if (!found) return found.error();
  if (!*found) return std::optional<RequestStatus>();
  const auto& [sequence, entry] = **found;
  // A reader cannot know what its writer has synced, but it can see to it.
  if (impl_->reading) {
    if (Status status = impl_->SyncThrough(sequence); !status) return status.error();
  }
  const bool durable = sequence <= impl_->synced || sequence <= impl_->erased;
  Stage stage = durable ? Stage::kDurable : Stage::kUnlearned;
  if (durable && sequence <= impl_->model.ExactThrough()) stage = Stage::kExact;
  if (stage == Stage::kExact && sequence <= impl_->ErasedThrough()) stage = Stage::kErased;
  return std::optional<RequestStatus>(
      RequestStatus{sequence, entry.kind, entry.ground, entry.time_us, entry.records, stage});
}

Result<CheckpointReport> Store::Checkpoint() {
  const std::lock_guard one(impl_->upkeep);
  return impl_->Checkpoint();
}

Status Store::Compact() {
  return impl_->Compact();
}

Status Store::CopyDatabase(const std::string& path) {
  const std::lock_guard one(impl_->upkeep);  // else a compaction may remove files that are being copied
  return impl_->database->CopyTo(path);
}

std::uint64_t Store::Impl::PendingErasures() const {
  std::uint64_t records = 0;
  for (const auto& [sequence, count] : unerased) records += count;
  return records;
}

std::optional<double> Store::Impl::CheckpointAge() const {
  if (progress.time_us == 0) return std::nullopt;
  const std::uint64_t now = NowUs();
  return now > progress.time_us ? static_cast<double>(now - progress.time_us) * 1e-6 : 0.0;
}

std::uint64_t Store::pending_erasures() const {
  const auto lock = impl_->updates.First();
  return impl_->PendingErasures();
}

std::optional<double> Store::checkpoint_age_s() const {
  const auto lock = impl_->updates.First();
  return impl_->CheckpointAge();
}

}  // namespace hedgerow::storage
