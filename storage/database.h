// RocksDB behind a small interface; only database*.cpp talk to it.
//
// Thread rule: any thread, where a member says nothing else; a batch belongs to one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "datasets/result.h"

namespace hedgerow::storage {

// The column families. On disk by name: never rename.
enum class Family : std::uint8_t {
  kMeta = 0,
  kRecords,
  kSubjects,
  kPages,
  kForgotten,
  kPending,
  kJournal,
  kRequests,
  kLog
};
inline constexpr std::size_t kFamilies = 9;

class Database {
 public:
  enum class Mode : std::uint8_t { kCreate, kWrite, kRead };

  // Writes that take effect together.
  class Batch {
   public:
    explicit Batch(Database& database);
    ~Batch();
    void Put(Family family, std::string_view key, std::string_view value);
    void Delete(Family family, std::string_view key);
    // Deletes first <= key < behind.
    void DeleteRange(Family family, std::string_view first, std::string_view behind);
    std::size_t bytes() const;
    std::size_t count() const;

   private:
    friend class Database;
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };

  // For reading also beside a process that writes: the state of a moment during the call.
  static Result<std::unique_ptr<Database>> Open(const std::string& path, Mode mode);
  // Databases that are opened from now on use this rocksdb::FileSystem; nothing: the system's. For tests and
  // benchmarks, whose disks fail or are slow; not beside anything else. (Without its type, so that RocksDB stays out of
  // the headers.)
  static void SetFileSystem(std::shared_ptr<void> file_system);
  ~Database();

  Result<std::optional<std::string>> Get(Family family, std::string_view key) const;
  using Visit = std::function<Status(std::string_view key, std::string_view value)>;
  // In the order of the keys; stops at the first failure.
  Status ForEach(Family family, std::string_view prefix, const Visit& visit) const;
  // The same for all keys from `first` on.
  Status ForEachFrom(Family family, std::string_view first, const Visit& visit) const;
  // The same for first <= key < behind, of a store that is being opened: reads ahead, and keeps nothing in memory.
  Status Scan(Family family, std::string_view first, std::string_view behind, const Visit& visit) const;
  // On return the batch is on the disk (`sync`) or with the operating system. After a failure it is in neither.
  Status Write(Batch& batch, bool sync);
  // Everything written so far is on the disk on return; opened for reading, everything that can be read. May run beside
  // writes.
  Status Sync();
  // A write or a sync failed. Until Recover nothing can be written.
  bool broken() const;
  // Opens a broken database again, after which all that was written is on the disk. If that fails as well, it cannot
  // even be read until it succeeds. Waits for whoever uses the database; not beside the making of a batch.
  Status Recover();
  // Makes a family empty without looking at what is in it, damaged or not. Not beside anything else.
  Status Empty(Family family);
  // Moves everything from the log to table files.
  Status Flush();
  // After this no file holds a value that was overwritten or removed before, but for those of the family `log`, which
  // tells of nobody and only grows. May run beside writes.
  Status Purge();
  // Makes a directory with a copy as of one moment. Table files may be shared with it, by hard links. May run beside
  // writes, and not beside Purge. Opened for reading while another process writes, it may miss what that one moves
  // meanwhile.
  Status CopyTo(const std::string& path);
  // Bytes by kind of file: "tables", "log", "other".
  std::map<std::string, std::uint64_t> DiskBytes() const;
  // Bytes of the table files, by family.
  std::map<std::string, std::uint64_t> TableBytes() const;
  // Counts keys in use, for tests.
  Result<std::uint64_t> CountKeys(Family family) const;

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hedgerow::storage
