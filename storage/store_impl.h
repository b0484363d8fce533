// What a Store is made of; only storage/store*.cpp include it.
//
// Thread rule: see the members.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "storage/codec.h"
#include "storage/database.h"
#include "storage/description.h"
#include "storage/held_copies.h"
#include "storage/pages.h"
#include "storage/store.h"
#include "unlearn/writer_lock.h"

namespace hedgerow::storage {

// An upkeep thread signs the log this much after an update.
inline constexpr std::chrono::milliseconds kPublishWithin{1000};

// A record that left, until no stored tree holds it: its row waits in the family `pending` under `key`.
struct PendingErasure {
  std::uint64_t died = 0;  // the sequence number of the update that removed it
  forest::Slot slot = 0;
  std::string key;
};

// An update whose entry `exact` is not written yet, and what it took; nothing if a crash came between.
struct Inexact {
  std::uint64_t sequence = 0;
  std::optional<unlearn::Effect> work;
};

struct Store::Impl {
  Impl(std::string at, forest::Executor& with, unlearn::Model of)
      : directory(std::move(at)), executor(with), model(std::move(of)) {}
  ~Impl();

  // Constant after opening.
  bool reading = false;
  std::string directory;
  forest::Executor& executor;
  std::unique_ptr<Database> database;
  Secret secret{};
  std::optional<Error> closed;  // why nothing may be written: opened for reading, or a dry run was made
  std::optional<std::chrono::milliseconds> erase_within;
  std::string log_key;                           // as OpenOptions has it
  std::string parameters_hash, seed_commitment;  // what the log tells of them, hexadecimal

  // Guarded by `updates`: one update, or one step of a checkpoint, at a time. Updates and questions take it First,
  // upkeep and the parts of large erasures After them.
  unlearn::WriterLock updates;
  unlearn::WriterLock parts;  // one part of a large erasure at a time, after whoever needs a moment without any
  Counters counters;
  Progress progress;
  std::deque<PendingErasure> pending;  // by the order in which they left
  Unerased unerased;
  LogState log;
  std::deque<Inexact> inexact;                                  // updates that lack their entry `exact`
  std::vector<std::pair<std::uint64_t, forest::Digest>> roots;  // that were taken since, and as of which update
  unlearn::Model model;                                         // predictions take no lock

  HeldCopies copies;  // of the records, that verifications work on

  // One checkpoint or compaction at a time.
  std::mutex upkeep;

  // One publication of the log at a time, and what was published. Taken after `upkeep` and before `updates`.
  std::mutex publishing;
  Published published;
  std::uint64_t files_through = 0;  // entries that the files have
  bool resign = false;              // the keys have changed since

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
  std::optional<std::chrono::steady_clock::time_point> publication_due;   // guarded by upkeep_mutex
  std::optional<Error> upkeep_failed;                                     // guarded by upkeep_mutex: the last failure

  // Who is to be forgotten, and who is not there.
  struct Resolved {
    std::vector<datasets::RecordId> ids;  // distinct and live
    Outcome outcome;
  };
  Result<Resolved> Resolve(const ForgetRequest& request) const;
  Status ResolveSubject(const std::string& subject, std::size_t position, Resolved& resolved) const;

  Result<RecordValue> ReadRecord(datasets::RecordId id) const;
  // All record ids of a subject, or so many of them.
  Result<std::vector<datasets::RecordId>> IdsOf(const std::string& subject_key, std::size_t most = SIZE_MAX) const;
  Result<bool> WasForgotten(const std::string& key) const;

  // An update on its way: what it writes, and what it will have changed.
  struct Update {
    explicit Update(Impl& impl);
    Database::Batch batch;
    Counters counters;  // as they will be
    LogState log;       // the same
    JournalEntry entry;
    std::vector<PendingErasure> erasures;
    std::string request_id;
    Role role = Role::kNone;
    std::optional<Hash> subjects;  // the commitment to whom the request names
    bool part = false;             // of a request, and not its last one
    std::uint64_t others = 0;      // records that the parts before took
  };
  // Gives the update its request, and finds out whether it was carried out earlier: then nothing is to be done. kUsage
  // if that request asked something else, or the id is too long.
  Result<std::optional<NumberedEntry>> Identify(const UpdateOptions& options, const std::string& content_key,
                                                Update& update) const;
  Outcome Repeat(const NumberedEntry& earlier, const std::string& request_id);

  using SubjectKeys = std::unordered_map<datasets::RecordId, std::string>;
  Status WriteRows(const SubjectKeys& subject_of);
  void PutRecord(const RecordValue& record, Update& update) const;
  // `forgotten`: they and subjects without records left are remembered as such, so that asking twice is no error.
  Status EraseRecords(const std::vector<datasets::RecordId>& ids, bool forgotten, Update& update) const;
  Status MarkSubject(const std::string& subject_key, const std::unordered_set<datasets::RecordId>& gone,
                     Update& update) const;
  // Whether something may be written. After a failure of the disk the database is opened again.
  Status Usable();
  // Writes the update to the journal: after this it has happened. On failure nothing has.
  Status Write(Update& update);
  // The changes in memory that follow from a written update, besides the model's.
  void Finish(Update& update, const unlearn::Effect& effect);
  Result<Outcome> ForgetAtOnce(const ForgetRequest& request);
  Result<Outcome> ForgetInParts(const ForgetRequest& request);
  Result<Resolved> ResolveInParts(const ForgetRequest& request);
  Status ForgetPart(const std::vector<datasets::RecordId>& ids, Update& update, bool dry_run, Outcome& outcome);
  std::vector<datasets::RecordId> NextPart(const std::vector<datasets::RecordId>& ids, std::size_t records,
                                           std::size_t& begin) const;
  Status NoteFirstPart(Update& update) const;
  Result<std::optional<std::uint64_t>> BeginOfParts(std::uint64_t sequence, const std::string& name) const;
  Result<Outcome> Bring(const datasets::Table& table, const std::vector<std::string>& subject_keys,
                        const UpdateOptions& options, Update& update, Outcome outcome);
  // Returns slots that an update took and did not use.
  void GiveBack(const std::vector<forest::Slot>& slots);

  Status SyncThrough(std::uint64_t sequence);
  Result<CheckpointReport> Checkpoint();
  std::vector<TakenPage> TakePagesOf(std::uint32_t tree, Database::Batch& batch);
  Status CheckpointTree(std::uint32_t tree, CheckpointReport& report);
  Status CloseCheckpoint(std::uint64_t floor);
  Status Compact();
  Status AwaitErased(std::uint64_t sequence);
  // No file holds anything of what updates up to this one removed.
  std::uint64_t ErasedThrough();
  // Under `updates`.
  std::uint64_t PendingErasures() const;
  std::optional<double> CheckpointAge() const;
  void StartUpkeep();
  void StopUpkeep();
  void RunUpkeep();

  // The log: store_log.cpp, store_publish.cpp, and store_log_open.cpp for opening.
  void LogAccepted(Update& update) const;
  void NoteRoot(const forest::Digest& root);
  Result<std::optional<LogEntry>> NextStage(std::uint64_t sequence, Stage stage, StagePlaces& places) const;
  Status AppendExact(const Inexact& update, LogState& next, Database::Batch& batch) const;
  bool RootIsKnown() const;
  std::unique_lock<std::mutex> LockForRoot();
  Result<forest::Digest> RootInPassing();
  Status LogSomeExact();
  Status LogExact();
  void AwaitExactEntry(std::uint64_t sequence, const unlearn::Effect& effect);
  Result<std::size_t> LogSomeErased(std::size_t first, std::uint64_t through);
  Status LogErased(std::uint64_t through);
  Status Publish();
  Status Sign(const LogState& now);
  Status AppendAlone(const LogEntry& entry, const std::function<void(LogState&)>& change);
  void DescribeModel();
  Status StartLog(const LogOptions& options, Database::Batch& batch);
  Status OpenLog(bool restoring);
  Status CheckNotRolledBack();

  struct Copy;
  std::unique_ptr<Copy> CopyRecords();

  forest::Digest Root() { return model.Root(executor); }
};

}  // namespace hedgerow::storage
