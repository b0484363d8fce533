// A store: a model with its directory, so that one process trains, another forgets and a third predicts.
//
// An update is written to the journal first, in one batch: the rows that leave, the rows that come, who asked. Then the
// model in memory changes, and only then the call returns. The stored trees follow later, at a checkpoint, and
// the bytes of what was forgotten after that. Opening reads the trees as of their checkpoint and brings them up to the
// journal; since the model is a function of its records, it ends in the same bytes. Format: docs/store-format.md.
//
// What fails has changed nothing, in memory or on disk.
//
// Thread rule: all members but model() may be called from any thread. Updates take effect one after the other;
// predictions run beside each other and beside updates, and wait for nobody. A directory is open for writing in one
// process at a time; readers get the state of the moment in which they opened it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datasets/result.h"
#include "datasets/table.h"
#include "forest/background_executor.h"
#include "forest/digest.h"
#include "forest/executor.h"
#include "storage/evidence/commitment.h"
#include "storage/evidence/log_store.h"
#include "storage/journal.h"
#include "unlearn/model.h"

namespace hedgerow::storage {

// How far an update has come. Each stage includes those before it.
//   unlearned: no prediction from now on depends on the records; survives the end of the process.
//   durable:   survives a power failure.
//   exact:     the model equals the one grown without the records. Reached with `unlearned` where nothing is put off.
//   erased:    no file of the store holds the records' bytes.
enum class Stage : std::uint8_t { kUnlearned, kDurable, kExact, kErased };
std::string_view NameOf(Stage stage);
std::optional<Stage> StageOf(std::string_view name);

struct UpdateOptions {
  // At most 128 bytes. A request that was carried out already is not carried out again: its outcome says so. Empty: the
  // store makes one up.
  std::string request_id = {};
  Ground ground = Ground::kNone;
  Role role = Role::kNone;
  bool with_roots = true;  // take the model's root before and after
};

struct ForgetRequest {
  std::vector<datasets::RecordId> records = {};
  std::vector<std::string> subjects = {};
  UpdateOptions options = {};
  bool dry_run = false;  // tells what it would do, and writes nothing; the store has to be opened again
  // 0: all of it in one update. Otherwise in parts of so many records, each an update of its own, with others in
  // between and one entry of the log each; a failure on the way leaves the parts before it, and the same request with
  // the same id goes on from there.
  std::size_t records_at_a_time = 0;
  // Subjects that were never here are told, and do not stop the rest: for an erasure that goes through several stores.
  bool skip_unknown_subjects = false;
};

// What an update did. With `unknown` or `unknown_subjects` nothing was changed.
struct Outcome {
  std::string request_id;
  std::uint64_t sequence = 0;  // of the journal; 0: nothing had to be written
  bool repeated = false;       // the request was carried out earlier: `records` are not told again, only their number
  std::uint64_t record_count = 0;
  std::vector<datasets::RecordId> records;            // forgotten, learned or corrected, ascending
  std::vector<datasets::RecordId> unknown;            // neither here nor forgotten earlier
  std::vector<datasets::RecordId> already_forgotten;  // forgotten earlier: not an error
  std::vector<std::size_t> unknown_subjects;          // positions in the request's `subjects`
  std::vector<std::size_t> already_forgotten_subjects;
  unlearn::Effect effect;
  // Of those whom the request named, in its order: records, then subjects. Opens what the log holds of them; nobody
  // keeps it but the caller. Empty if nothing was written.
  Commitment commitment;
  forest::Digest root_before, root_after;
  double update_us = 0;  // the forest's update alone
  double commit_us = 0;  // writing the journal, without a sync
};

// What is known of a request, also after a restart.
struct RequestStatus {
  std::uint64_t sequence = 0;
  UpdateKind kind = UpdateKind::kForget;
  Ground ground = Ground::kNone;
  std::uint64_t time_us = 0;  // since 1970, UTC
  std::uint64_t records = 0;
  Stage stage = Stage::kUnlearned;
};

struct CheckpointReport {
  std::uint64_t trees = 0, pages = 0, bytes = 0;  // written
  double longest_us = 0;                          // that updates had to wait for it at a time
};

// The forest, grown anew and compared.
struct Verification {
  std::uint64_t sequence = 0, records = 0;
  forest::Digest root, regrown;
  std::optional<forest::Digest> logged;  // the newest root in the log, if it is as of this update
  bool entered = false;                  // the result stands in the log; not if the store was opened for reading
  bool equal() const { return regrown == root && (!logged || *logged == root); }
};

// For LogRestored.
struct Restoration {
  std::string from_origin;
  std::uint64_t from_size = 0;
  Hash from_hash{};
  std::string erasures;  // how it is known what was erased: "live", "list", "none-since"
  std::uint64_t backup_sequence = 0, logged_sequence = 0;
};

// What updates have left to the background, and what it has done so far.
struct BackgroundInfo {
  std::uint64_t queued = 0;               // quarantined places
  std::uint64_t quarantined_records = 0;  // below them, summed over trees
  double quarantined_share = 0;           // of all records' votes
  double oldest_quarantine_s = 0;
  double quarantine_p50_us = 0, quarantine_p99_us = 0;  // how long those lasted that were lifted
  std::uint64_t hedges = 0, hedge_bytes = 0;
  std::uint64_t flips = 0, hedge_hits = 0, queued_ever = 0;  // since the store was opened
};

// What changes from moment to moment, for who looks at it every few seconds.
struct StoreGauges {
  std::uint64_t records = 0, pending_erasures = 0;
  std::optional<double> checkpoint_age_s;
  BackgroundInfo background;
};

// What is in a store. Root and numbers are as of one moment, after update `sequence`; robustness and memory are found
// tree by tree, with updates in between, the last of which is `surveyed_through`.
struct StoreInfo {
  forest::Digest root;
  std::uint64_t sequence = 0, records = 0, with_subject = 0, forgotten = 0, pending_erasures = 0;
  std::optional<double> checkpoint_age_s;
  std::vector<std::uint64_t> robustness;  // unlearn::RobustnessHistogram
  BackgroundInfo background;
  std::map<std::string, std::uint64_t> memory_bytes, disk_bytes, table_bytes;
  forest::MemoryParts memory_parts;
  std::uint64_t surveyed_through = 0;
};

// A forest that was grown anew from the live records of one moment, beside the store's own.
struct Comparison {
  std::uint64_t sequence = 0, records = 0;
  forest::Digest root, regrown_root;
};

enum class OpenMode : std::uint8_t { kRead, kWrite };

struct OpenOptions {
  OpenMode mode = OpenMode::kWrite;
  // Keeps a thread that writes checkpoints and erases, so that every forgotten record is erased within this time.
  // Nothing: the caller sees to it, with Await or Compact.
  std::optional<std::chrono::milliseconds> erase_within = std::nullopt;
  // What updates leave to the background (unlearn/model.h), on an executor that outlives the store. Without: nothing.
  std::optional<unlearn::DeferOptions> defer = std::nullopt;
  forest::BackgroundExecutor* background = nullptr;
  // For answers that are kept for rows that come again; 0: none are (unlearn/result_cache.h).
  std::size_t cache_bytes = 0;
  // Do not read the trees: grow them anew from the records. For a store whose pages are damaged.
  bool regrow = false;
  // Where the secret key of the log is; empty: DIR/log.key (evidence/log_keys.h).
  std::string log_key = {};
  // For Restore alone (restore.h), which opens a store that nobody else may open yet.
  bool restoring = false;
};

// Of a new store's log.
struct LogOptions {
  std::string name = "hedgerow";  // what the log's name begins with: ValidKeyName
  std::string key = {};           // where to write the secret key; empty: DIR/log.key
};

class Store {
 public:
  // Makes a directory (which must not hold anything) with this model. `subjects` is a table whose `ids` and
  // `subjects` tell whose the records are; its other fields are not looked at.
  // kStoreUnavailable if there is something already, kIo.
  static Result<std::unique_ptr<Store>> Create(const std::string& directory, unlearn::Model model,
                                               const datasets::Table& subjects, forest::Executor& executor,
                                               const LogOptions& log = {});
  // kStoreUnavailable: no store there, one of another version, or locked; kStoreDamaged: a checksum or an
  // invariant does not hold, with the place; kIo.
  static Result<std::unique_ptr<Store>> Open(const std::string& directory, const OpenOptions& options,
                                             forest::Executor& executor);
  static Result<std::unique_ptr<Store>> Open(const std::string& directory, OpenMode mode, forest::Executor& executor);

  // Stops the upkeep thread; everything acknowledged stays.
  ~Store();

  // Forgets records and all records of subjects, together. kUsage if the request names nobody. On return: unlearned.
  Result<Outcome> Forget(const ForgetRequest& request);
  // Whether that would be more records than so many, as far as one can tell beside updates.
  Result<bool> NamesMoreThan(const ForgetRequest& request, std::size_t records) const;
  // Learns new records (with `table.subjects`, if any). kBadInput if an id is already there.
  Result<Outcome> Learn(const datasets::Table& table, const UpdateOptions& options = {});
  // Replaces records of the same ids; a record keeps its subject where the table names none.
  Result<Outcome> Correct(const datasets::Table& table, const UpdateOptions& options = {});

  // Who of those that a request names is here: `records` are those that would go. Changes nothing.
  Result<Outcome> Resolve(const ForgetRequest& request);

  // Waits until the update with this sequence number has reached the stage. Callers that wait for `durable` share a
  // sync. Without an upkeep thread, waiting for `erased` does the work.
  Status Await(std::uint64_t sequence, Stage stage);
  // Nothing if no such request was carried out. A store that was opened for reading tells what it was then, and syncs
  // it before: `exact` at the least.
  Result<std::optional<RequestStatus>> StatusOf(std::string_view request_id);

  // Brings the stored trees up to the present, tree by tree; updates go on in between.
  Result<CheckpointReport> Checkpoint();
  // Checkpoint, and then no file holds anything of what is not there any more.
  Status Compact();

  // Signs the log as far as it has come and writes its files (evidence/log_files.h). The upkeep thread does it within a
  // second of an update, and closing a store does. kStoreUnavailable: the key is not there; kIo.
  Status PublishLog();
  // Where the log tells of an update; nothing if it does not.
  Result<std::optional<StagePlaces>> LogPlaces(std::uint64_t sequence) const;
  // Of a large erasure, the updates before this one that were parts of the same request, in their order.
  Result<std::vector<std::uint64_t>> PartsBefore(std::uint64_t sequence) const;
  // Grows the forest anew, compares its root with the model's and with the newest in the log, and enters the result.
  // Updates wait only while the records are copied; what they remove meanwhile is `erased` when the copy is gone.
  Result<Verification> Verify(forest::Executor& executor, const unlearn::Progress& progress = {});
  // Another key takes over; tells its public half. The old one goes on signing beside it until its file is removed.
  Result<std::string> RotateLogKey();
  // For Restore alone: that the log until here is the one of another store.
  Status LogRestored(const Restoration& restoration);

  // Verify without the log: grows a forest anew and takes both roots.
  Comparison Compare(forest::Executor& executor);
  // Updates wait for a little of it at a time; `progress` is told of each tree, and may update.
  StoreInfo Describe(const unlearn::Progress& progress = {});
  // Takes each lock once, and for some microseconds.
  StoreGauges gauges();

  // Stops the upkeep thread. Whoever waits in Await for the erasure is answered with an error, and must have returned
  // before the store goes.
  void Stop();

  // Makes a directory with a copy of the database as of one moment, for backup.h. Updates go on meanwhile.
  Status CopyDatabase(const std::string& path);

  // The probability of each class for rows of cells one after the other, row-major. Takes no lock and waits for nobody.
  // Tells of which update's state it is (unlearn/model.h, PredictBatch).
  std::uint64_t Predict(const datasets::Cell* rows, std::size_t count, double* probabilities,
                        forest::Executor& executor) const;
  // The most probable class of each row alone, with less work.
  std::uint64_t PredictClasses(const datasets::Cell* rows, std::size_t count, datasets::ClassCode* answers,
                               forest::Executor& executor) const;

  // How often an answer was kept already.
  unlearn::ResultCache::Counts cached() const;

  // For a caller that is alone.
  unlearn::Model& model();
  const unlearn::Model& model() const;
  forest::Digest Root();
  std::uint64_t records() const;                   // live ones
  std::uint64_t sequence() const;                  // of the last update
  std::uint64_t forgotten() const;                 // records that were ever forgotten here
  std::uint64_t subjects() const;                  // records that belong to a subject
  std::uint64_t pending_erasures() const;          // records that are forgotten and not yet erased
  std::optional<double> checkpoint_age_s() const;  // nothing: never
  // "tables", "log", "other" and "total", in bytes.
  std::map<std::string, std::uint64_t> DiskBytes() const;
  // What the tables are made of: "records", "pages", "journal", ...
  std::map<std::string, std::uint64_t> TableBytes() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hedgerow::storage
