#include "storage/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "storage/backup.h"
#include "storage/description.h"
#include "storage/directory.h"
#include "storage/erasures.h"
#include "storage/keys.h"
#include "storage/restore_log.h"
#include "storage/sealed.h"
#include "storage/store.h"

namespace hedgerow::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatchBytes = 4 << 20;

Error Unavailable(const std::string& message, const std::string& place, const std::string& remedy) {
  return {ErrorCode::kStoreUnavailable, message, place, remedy};
}

Status CopyFiles(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directory(to, error);
  for (const fs::directory_entry& entry : fs::directory_iterator(from, error)) {
    const fs::path target = fs::path(to) / entry.path().filename();
    fs::copy_file(entry.path(), target, error);
    if (error) break;
    if (Status status = SyncPath(target.string()); !status) return status;
  }
  if (!error) return SyncPath(to);
  return Error{ErrorCode::kIo, fmt::format("cannot copy the backup: {}", error.message()), to,
               "check the disk and the permissions"};
}

// Writes into the copy what the live store's journal has after the backup: entries, requests, and the rows that left.
class Replay {
 public:
  Replay(Database& database, const std::string& directory, Description description)
      : database_(database),
        directory_(directory),
        header_(std::move(description.header)),
        counters_(description.counters),
        batch_(std::make_unique<Database::Batch>(database)) {}

  Status Apply(const JournalEntry& entry) {
    ++counters_.sequence;
    const std::string key = SequenceKey(counters_.sequence);
    PutSealed(Family::kJournal, key, EncodeEntry(entry), *batch_);
    // A repeated erasure has its answer, as its effect is here. A repeated `learn` has to be carried out: what it
    // learned is not here.
    const bool forgets = entry.kind == UpdateKind::kForget;
    if (forgets) PutSealed(Family::kRequests, entry.request_key, key, *batch_);
    std::set<std::string> subjects;
    for (const std::string& record : entry.erased) {
      if (Status status = Erase(record, forgets, subjects); !status) return status;
    }
    if (Status status = Flush(subjects.empty() ? kBatchBytes : 0); !status) return status;
    for (const std::string& subject : subjects) {
      if (Status status = MarkSubject(subject); !status) return status;
    }
    return {};
  }

  Status Finish() {
    PutSealed(Family::kMeta, kCountersKey, EncodeCounters(counters_), *batch_);
    return Flush(0);
  }
  std::uint64_t erased() const { return erased_; }

 private:
  Status Erase(const std::string& key, bool forgets, std::set<std::string>& subjects) {
    if (forgets) {
      PutSealed(Family::kForgotten, key, kForgottenBody, *batch_);
      ++counters_.forgotten;
    }
    // An earlier entry may have taken it already, and still be in the batch.
    if (!gone_.insert(key).second) return {};
    const Error damaged = DamagedStore(directory_, "a record");
    const auto body = GetSealed(database_, Family::kRecords, key, damaged);
    if (!body) return body.error();
    if (!*body) return {};  // learned after the backup
    const auto row = DecodeRecord(**body, header_.schema.features.size(), header_.schema.classes.size());
    if (!row || RecordKey(header_.secret, row->id) != key) return damaged;
    batch_->Delete(Family::kRecords, key);
    const std::string pending = SequenceKey(counters_.sequence) + key;
    PutSealed(Family::kPending, pending, **body, *batch_);
    --counters_.records;
    ++erased_;
    if (row->subject_key.empty()) return {};
    batch_->Delete(Family::kSubjects, row->subject_key + key);
    --counters_.with_subject;
    if (forgets) subjects.insert(row->subject_key);
    return {};
  }

  // A subject of whom nothing is left is remembered, so that asking again to forget her is no error.
  Status MarkSubject(const std::string& subject) {
    bool left = false;
    const Status status = database_.ForEach(Family::kSubjects, subject, [&](std::string_view, std::string_view) {
      left = true;
      return Status();
    });
    if (!status || left) return status;
    PutSealed(Family::kForgotten, subject, kForgottenBody, *batch_);
    return {};
  }

  Status Flush(std::size_t above) {
    if (batch_->bytes() < above) return {};
    Status status = database_.Write(*batch_, /*sync=*/false);
    batch_ = std::make_unique<Database::Batch>(database_);
    return status;
  }

  Database& database_;
  const std::string& directory_;
  ModelHeader header_;
  Counters counters_;
  std::unique_ptr<Database::Batch> batch_;
  std::set<std::string> gone_;
  std::uint64_t erased_ = 0;
};

Result<ErasureList> FindErasures(const RestoreOptions& options, const BackupMarker& backup, const Secret& secret) {
  const std::uint64_t first = std::max<std::uint64_t>(backup.sequence, 1);
  const bool from_store = !options.live.empty();
  const std::string& place = from_store ? options.live : options.erasures;
  Result<ErasureList> list = from_store ? ReadErasures(options.live, 1) : LoadErasures(options.erasures, secret);
  if (!list) return list.error();
  if (list->identity != StoreIdentity(secret)) {
    return Unavailable("the backup was taken of another store", place, "give the store that it was taken of");
  }
  if (list->last < backup.sequence) {
    return Unavailable(fmt::format("it ends at update {}, and the backup is of update {}", list->last, backup.sequence),
                       place, from_store ? "give the store that the backup was taken of" : "export a newer list");
  }
  if (list->first > first) {
    return Unavailable(
        fmt::format("it begins with update {}, and the backup is of update {}", list->first, backup.sequence), place,
        fmt::format("export a list with '--since {}'", first));
  }
  return list;
}

// Whether the backup's last update is the list's update of that number: not so if the store was restored from an older
// backup meanwhile and went another way.
Status CheckHistory(const Database& database, const std::string& place, std::uint64_t sequence,
                    const ErasureList& list) {
  if (sequence == 0) return {};
  const Error damaged = DamagedStore(place, "the backup's journal");
  const auto body = GetSealed(database, Family::kJournal, SequenceKey(sequence), damaged);
  if (!body) return body.error();
  if (!*body) return damaged;
  if (EncodeEntry(list.entries[sequence - list.first]) == **body) return {};
  return Unavailable(
      fmt::format("its update {} is another one than the backup's: it has gone its own way since", sequence), place,
      "use a backup that was taken before, or the list of the store that the backup was taken of");
}

Result<RestoreReport> Fill(const RestoreOptions& options, const BackupMarker& backup, forest::Executor& executor) {
  RestoreReport report;
  report.backup_sequence = report.sequence = backup.sequence;
  std::string statement = "erasures none-since, as somebody stated\n";
  std::uint64_t live_records = 0;
  std::optional<Restoration> log;
  if (Status status = CopyFiles(DatabasePath(options.backup), DatabasePath(options.to)); !status) return status.error();
  {
    const Result<std::unique_ptr<Database>> database = Database::Open(DatabasePath(options.to), Database::Mode::kWrite);
    if (!database) return database.error();
    Result<Description> description = Describe(**database, options.backup);
    if (!description) return description.error();
    live_records = description->counters.records;
    if (description->counters.sequence != backup.sequence) return DamagedStore(options.backup, "the backup's marker");
    if (!options.none_since) {
      const Result<ErasureList> list = FindErasures(options, backup, description->header.secret);
      if (!list) return list.error();
      const std::string& place = options.live.empty() ? options.erasures : options.live;
      if (Status status = CheckHistory(**database, place, backup.sequence, *list); !status) return status.error();
      Replay replay(**database, options.backup, std::move(*description));
      for (std::uint64_t sequence = backup.sequence + 1; sequence <= list->last; ++sequence) {
        if (Status status = replay.Apply(list->entries[sequence - list->first]); !status) return status.error();
      }
      if (Status status = replay.Finish(); !status) return status.error();
      report.sequence = list->last;
      report.erased = replay.erased();
      live_records = list->records;
      statement = fmt::format("erasures applied-through {}\n", list->last);
    }
    Result<std::optional<Restoration>> taken = TakeLog(**database, options.backup, options.live);
    if (!taken) return taken.error();
    log = std::move(*taken);
  }
  report.updates = report.sequence - report.backup_sequence;
  OpenOptions open;
  open.restoring = true;
  const Result<std::unique_ptr<Store>> store = Store::Open(options.to, open, executor);
  if (!store) return store.error();
  if (log) {
    log->erasures = options.none_since ? "none-since" : options.live.empty() ? "list" : "live";
    log->backup_sequence = backup.sequence;
    log->logged_sequence = options.live.empty() ? backup.sequence : report.sequence;
    if (Status status = (*store)->LogRestored(*log); !status) return status.error();
  }
  if (Status status = (*store)->Compact(); !status) return status.error();
  report.records = (*store)->model().records().size();
  report.root = (*store)->Root();
  if (live_records < report.records) return DamagedStore(options.backup, "the list of records");
  report.missing = live_records - report.records;
  const std::string more =
      fmt::format("restored-from-update {}\nbackup-time {}\n{}", backup.sequence, UtcTime(backup.time_us), statement);
  if (Status status = WriteMarker(options.to, more); !status) return status.error();
  return report;
}

}  // namespace

Result<RestoreReport> Restore(const RestoreOptions& options, forest::Executor& executor) {
  if (int{options.none_since} + int{!options.live.empty()} + int{!options.erasures.empty()} != 1) {
    return Error{ErrorCode::kUsage, "it has to be known what was erased since the backup", "",
                 "give the live store, or a list of erasures, or state that nothing was erased"};
  }
  const Result<BackupMarker> backup = ReadBackupMarker(options.backup);
  if (!backup) return backup.error();
  if (Status status = MakeDirectory(options.to); !status) return status.error();
  Result<RestoreReport> report = [&]() -> Result<RestoreReport> {
    if (Status status =
            WriteFileDurably(options.to, kRestoringMarker, "a backup whose later erasures are not applied yet\n");
        !status) {
      return status.error();
    }
    Result<RestoreReport> filled = Fill(options, *backup, executor);
    if (!filled) return filled;
    // Now it may be opened.
    std::error_code error;
    fs::remove(options.to + "/" + kRestoringMarker, error);
    if (error) return Error{ErrorCode::kIo, "cannot remove: " + error.message(), options.to, "check the permissions"};
    if (Status status = SyncPath(options.to); !status) return status.error();
    return filled;
  }();
  if (!report) RemoveDirectory(options.to);
  return report;
}

}  // namespace hedgerow::storage
