// What a Store is made of; only storage/store*.cpp include it.
//
// Thread rule: see the members.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/codec.h"
#include "storage/database.h"
#include "storage/description.h"
#include "storage/store.h"

namespace hedgerow::storage {

// A record that left, until no stored tree holds it: its row waits in the family `pending` under `key`.
struct PendingErasure {
  std::uint64_t died = 0;  // the sequence number of the update that removed it
  forest::Slot slot = 0;
  std::string key;
};

struct Store::Impl {
  Impl(std::string at, forest::Executor& with, unlearn::Model of)
      : directory(std::move(at)), executor(with), model(std::move(of)) {}
  ~Impl();

  // Constant after opening.
  std::string directory;
  forest::Executor& executor;
  std::unique_ptr<Database> database;
  Secret secret{};
  std::optional<Error> closed;  // why nothing may be written: opened for reading, or a dry run was made
  std::optional<std::chrono::milliseconds> erase_within;

  // Guarded by `updates`: one update, or one step of a checkpoint, at a time.
  std::mutex updates;
  Counters counters;
  Progress progress;
  std::deque<PendingErasure> pending;                            // by the order in which they left
  std::deque<std::pair<std::uint64_t, std::uint64_t>> unerased;  // updates after `progress.erased`: number, records
  // The model changes under `updates` and, exclusively, `trees`; a prediction shares `trees`.
  std::shared_mutex trees;
  unlearn::Model model;

  // One checkpoint or compaction at a time.
  std::mutex upkeep;

  // Group commit: `synced` is the last update that is on the disk for sure.
  std::mutex sync_mutex;
  std::condition_variable synced_more;
  bool syncing = false;  // guarded by sync_mutex
  std::atomic<std::uint64_t> synced = 0;
  std::atomic<std::uint64_t> written = 0;  // the last update that is in the journal
  std::atomic<std::uint64_t> erased = 0;   // as `progress.erased`

  // The upkeep thread, if there is one.
  std::thread upkeep_thread;
  std::mutex upkeep_mutex;
  std::condition_variable upkeep_wakes, erased_more;
  bool stopping = false;                                                  // guarded by upkeep_mutex
  std::optional<std::chrono::steady_clock::time_point> erasure_deadline;  // guarded by upkeep_mutex
  std::optional<Error> upkeep_failed;                                     // guarded by upkeep_mutex: the last failure

  // Who is to be forgotten, and who is not there.
  struct Resolved {
    std::vector<datasets::RecordId> ids;  // distinct and live
    Outcome outcome;
  };
  Result<Resolved> Resolve(const ForgetRequest& request) const;
  Status ResolveSubject(const std::string& subject, std::size_t position, Resolved& resolved) const;

  Result<RecordValue> ReadRecord(datasets::RecordId id) const;
  // All record ids of a subject.
  Result<std::vector<datasets::RecordId>> IdsOf(const std::string& subject_key) const;
  Result<bool> WasForgotten(const std::string& key) const;

  // An update on its way: what it writes, and what it will have changed.
  struct Update {
    explicit Update(Impl& impl);
    Database::Batch batch;
    Counters counters;  // as they will be
    JournalEntry entry;
    std::vector<PendingErasure> erasures;
    std::string request_id;
  };
  // Gives the update its request, and finds out whether it was carried out earlier: then nothing is to be done. kUsage
  // if that request asked something else, or the id is too long.
  Result<std::optional<NumberedEntry>> Identify(const UpdateOptions& options, std::string_view content,
                                                Update& update) const;
  Outcome Repeat(const NumberedEntry& earlier, const std::string& request_id);

  using SubjectKeys = std::unordered_map<datasets::RecordId, std::string>;
  Status WriteRows(const SubjectKeys& subject_of);
  void PutRecord(const RecordValue& record, Update& update) const;
  // `forgotten`: they and subjects without records left are remembered as such, so that asking twice is no error.
  Status EraseRecords(const std::vector<datasets::RecordId>& ids, bool forgotten, Update& update) const;
  Status MarkSubject(const std::string& subject_key, const std::vector<datasets::RecordId>& leaving,
                     Update& update) const;
  // Whether something may be written. After a failure of the disk the database is opened again.
  Status Usable();
  // Writes the update to the journal: after this it has happened. On failure nothing has.
  Status Write(Update& update);
  // The changes in memory that follow from a written update, besides the model's.
  void Finish(Update& update);
  Result<Outcome> Bring(const datasets::Table& table, const std::vector<std::string>& subject_keys,
                        const UpdateOptions& options, Update& update, Outcome outcome);
  // Returns slots that an update took and did not use.
  void GiveBack(const std::vector<forest::Slot>& slots);

  Status SyncThrough(std::uint64_t sequence);
  Result<CheckpointReport> Checkpoint();
  Result<std::size_t> CheckpointTree(std::uint32_t tree, CheckpointReport& report);
  Status CloseCheckpoint(std::uint64_t floor);
  Status Compact();
  Status AwaitErased(std::uint64_t sequence);
  // No file holds anything of what updates up to this one removed.
  std::uint64_t ErasedThrough();
  void StartUpkeep();
  void StopUpkeep();
  void RunUpkeep();

  forest::Digest Root() { return model.Root(executor); }
};

}  // namespace hedgerow::storage
