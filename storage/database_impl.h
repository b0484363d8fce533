// What a Database is made of; only storage/database*.cpp include it.
//
// Thread rule: see the members.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "storage/database.h"

namespace hedgerow::storage {

// By the numbers of the families.
inline constexpr const char* kNames[kFamilies] = {"default", "records", "subjects", "pages", "forgotten",
                                                  "pending", "journal", "requests", "log"};

Error Translate(const rocksdb::Status& status, const std::string& path);

// What failed first of all writes and syncs, if anything has. For any thread.
class Failure {
 public:
  bool any() const { return any_; }
  void Note(const rocksdb::Status& status) {
    const std::lock_guard lock(mutex_);
    if (!any_) first_ = status;
    any_ = true;
  }
  rocksdb::Status first() const {
    const std::lock_guard lock(mutex_);
    return first_;
  }
  void Forget() { any_ = false; }

 private:
  std::atomic<bool> any_ = false;
  mutable std::mutex mutex_;
  rocksdb::Status first_;
};

// Updates are written without a sync. If they go to a new log before all of the old one is on the disk, a power failure
// may keep the later ones and lose the earlier ones. RocksDB calls this between beginning a log and writing to it,
// while all writes wait.
class LogCloser : public rocksdb::EventListener {
 public:
  explicit LogCloser(Failure& failure) : failure_(failure) {}
  void OnMemTableSealed(const rocksdb::MemTableInfo&) override {
    rocksdb::DB* const open = db;
    if (open == nullptr) return;
    if (const rocksdb::Status status = open->SyncWAL(); !status.ok()) failure_.Note(status);
    fresh = true;
  }

  std::atomic<rocksdb::DB*> db = nullptr;
  // Nobody has synced the present log yet. RocksDB ends the program when a write fails while the very first sync of a
  // log begins on another thread (an assertion on sync_without_flush_called_); later ones get an error.
  std::atomic<bool> fresh = true;

 private:
  Failure& failure_;
};

struct Database::Impl {
  // Constant after opening.
  std::string path;
  Mode mode = Mode::kRead;
  std::unique_ptr<rocksdb::Env> env;  // nothing: the system's

  // Shared by whoever uses what follows; exclusive while it is opened again.
  mutable std::shared_mutex use;
  Failure failure;  // where there is one, nothing may be written before Recover
  std::shared_ptr<LogCloser> log_closer = std::make_shared<LogCloser>(failure);
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  std::optional<Error> down;  // why it could not be opened again: then `db` is nothing

  rocksdb::ColumnFamilyHandle* of(Family family) const { return families[static_cast<std::size_t>(family)]; }
  // Whether it can be read; and written.
  Status Readable() const { return down ? Status(*down) : Status(); }
  Status Writable() const;
  // The status of a write, or of something that comes with writing.
  Status Written(const rocksdb::Status& status);
  Status Flush();

  Status Open();
  void Close();
  ~Impl() { Close(); }
};

}  // namespace hedgerow::storage
