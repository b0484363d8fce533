#include "storage/database.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace hedgerow::storage {
namespace {

constexpr const char* kNames[kFamilies] = {"default",   "records", "subjects", "pages",
                                           "forgotten", "pending", "journal",  "requests"};
constexpr std::size_t kWriteBufferBytes = 16 << 20;

rocksdb::Slice Slice(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view View(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

Error Translate(const rocksdb::Status& status, const std::string& path) {
  const std::string text = status.ToString();
  if (status.IsCorruption()) {
    return {ErrorCode::kStoreDamaged, "the database is damaged", path, "restore a backup, or train again"};
  }
  if (status.IsNoSpace() || text.find("No space left") != std::string::npos) {
    return {ErrorCode::kIo, "the disk is full", path, "free some space and try again; nothing was changed"};
  }
  // RocksDB has no code for it. The path stands behind these words, so it cannot be mistaken for them.
  if (text.starts_with("IO error: While lock file") || text.starts_with("IO error: lock hold by")) {
    return {ErrorCode::kStoreUnavailable, "another process has the store open", path, "wait for it, or stop it"};
  }
  if (status.IsInvalidArgument()) {
    return {ErrorCode::kStoreUnavailable, "the database is not one of Hedgerow's", path, "give the path of a store"};
  }
  return {ErrorCode::kIo, fmt::format("the database cannot be used: {}", text), path,
          "check the disk and the permissions"};
}

std::shared_ptr<void>& FileSystemForTests() {
  static std::shared_ptr<void> file_system;
  return file_system;
}

bool IsLog(const std::string& name) {
  return name.ends_with(".log");
}

// The files that make up the database at this moment.
std::set<std::string> FileNames(const std::string& path) {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("LOG")) names.insert(name);
  }
  return names;
}

// Updates are written without a sync. If they go to a new log before all of the old one is on the disk, a power failure
// may keep the later ones and lose the earlier ones. RocksDB calls this between beginning a log and writing to it,
// while all writes wait.
class LogCloser : public rocksdb::EventListener {
 public:
  void OnMemTableSealed(const rocksdb::MemTableInfo&) override {
    rocksdb::DB* const open = db;
    if (open != nullptr && !open->SyncWAL().ok()) failed = true;
  }

  std::atomic<rocksdb::DB*> db = nullptr;
  std::atomic<bool> failed = false;
};

rocksdb::Options MakeOptions(Database::Mode mode) {
  rocksdb::Options options;
  options.create_if_missing = mode == Database::Mode::kCreate;
  options.create_missing_column_families = options.create_if_missing;
  options.error_if_exists = options.create_if_missing;
  options.paranoid_checks = true;
  // RocksDB's default drops the log from its first bad record on, which would bring back what was forgotten since. Here
  // a bad record is damage, and only a record that is cut off by the end of the log (a power failure) is dropped.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.write_buffer_size = kWriteBufferBytes;
  options.db_write_buffer_size = 4 * kWriteBufferBytes;
  // A reader keeps all its files open: a writer may remove them meanwhile.
  options.max_open_files = mode == Database::Mode::kRead ? -1 : 256;
  options.keep_log_file_num = 2;
  options.info_log_level = rocksdb::WARN_LEVEL;
  // The manifest names the smallest and the largest key of every file that ever was; keys are opaque, and still it
  // is written anew before it grows long.
  options.max_manifest_file_size = 256 << 10;
  options.max_background_jobs = 2;
  options.compression = rocksdb::kNoCompression;
  return options;
}

}  // namespace

struct Database::Impl {
  std::string path;
  std::unique_ptr<rocksdb::Env> env;  // nothing: the system's
  std::shared_ptr<LogCloser> log_closer = std::make_shared<LogCloser>();
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;

  rocksdb::ColumnFamilyHandle* of(Family family) const { return families[static_cast<std::size_t>(family)]; }
  void Close() {
    for (rocksdb::ColumnFamilyHandle* family : families) {
      if (family != nullptr) db->DestroyColumnFamilyHandle(family);
    }
    families.clear();
    log_closer->db = nullptr;
    db.reset();
  }
  ~Impl() { Close(); }
};

struct Database::Batch::Impl {
  Database::Impl* database;
  rocksdb::WriteBatch batch;
};

Database::Batch::Batch(Database& database) : impl_(new Impl{database.impl_.get(), rocksdb::WriteBatch()}) {}
Database::Batch::~Batch() = default;

void Database::Batch::Put(Family family, std::string_view key, std::string_view value) {
  HEDGEROW_CHECK(impl_->batch.Put(impl_->database->of(family), Slice(key), Slice(value)).ok(), "a batch is too large");
}
void Database::Batch::Delete(Family family, std::string_view key) {
  HEDGEROW_CHECK(impl_->batch.Delete(impl_->database->of(family), Slice(key)).ok(), "a batch is too large");
}
void Database::Batch::DeleteRange(Family family, std::string_view first, std::string_view behind) {
  HEDGEROW_CHECK(impl_->batch.DeleteRange(impl_->database->of(family), Slice(first), Slice(behind)).ok(),
                 "a batch is too large");
}
std::size_t Database::Batch::bytes() const {
  return impl_->batch.GetDataSize();
}
std::size_t Database::Batch::count() const {
  return impl_->batch.Count();
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::Open(const std::string& path, Mode mode) {
  rocksdb::Options options = MakeOptions(mode);
  std::error_code ignored;
  if (mode != Mode::kCreate && !std::filesystem::exists(path + "/CURRENT", ignored)) {
    return Error{ErrorCode::kStoreDamaged, "the database is not there", path, "restore a backup, or train again"};
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const char* name : kNames) descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions(options));
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  if (FileSystemForTests() != nullptr) {
    impl->env = rocksdb::NewCompositeEnv(std::static_pointer_cast<rocksdb::FileSystem>(FileSystemForTests()));
    options.env = impl->env.get();
  }
  if (mode != Mode::kRead) options.listeners.push_back(impl->log_closer);
  // A process that writes may move what is in a log into table files, and merge those, while a reader opens them. Then
  // opening fails where nothing is wrong, or misses what was in the log. So a reader tries again, unless it failed and
  // nothing changed meanwhile, or it succeeded and all logs are still there: open table files stay readable.
  constexpr int kAttempts = 1000;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::set<std::string> before = FileNames(path);
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = mode == Mode::kRead
                                       ? rocksdb::DB::OpenForReadOnly(options, path, descriptors, &impl->families, &db)
                                       : rocksdb::DB::Open(options, path, descriptors, &impl->families, &db);
    impl->db.reset(db);
    const std::set<std::string> after = FileNames(path);
    const bool logs_stayed = std::all_of(before.begin(), before.end(),
                                         [&](const std::string& name) { return !IsLog(name) || after.contains(name); });
    const bool last = mode != Mode::kRead || attempt + 1 == kAttempts || (status.ok() ? logs_stayed : before == after);
    if (last && !status.ok()) return Translate(status, path);
    if (last) break;
    impl->Close();
  }
  impl->log_closer->db = impl->db.get();
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

void Database::SetFileSystemForTests(std::shared_ptr<void> file_system) {
  FileSystemForTests() = std::move(file_system);
}

Result<std::optional<std::string>> Database::Get(Family family, std::string_view key) const {
  std::string value;
  const rocksdb::Status status = impl_->db->Get(rocksdb::ReadOptions(), impl_->of(family), Slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return Translate(status, impl_->path);
  return std::optional<std::string>(std::move(value));
}

Status Database::ForEachFrom(Family family, std::string_view first, const Visit& visit) const {
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(rocksdb::ReadOptions(), impl_->of(family)));
  for (it->Seek(Slice(first)); it->Valid(); it->Next()) {
    if (Status status = visit(View(it->key()), View(it->value())); !status) return status;
  }
  if (!it->status().ok()) return Translate(it->status(), impl_->path);
  return {};
}

Status Database::Empty(Family family) {
  rocksdb::ColumnFamilyHandle*& handle = impl_->families[static_cast<std::size_t>(family)];
  rocksdb::Status status = impl_->db->DropColumnFamily(handle);
  if (!status.ok()) return Translate(status, impl_->path);
  impl_->db->DestroyColumnFamilyHandle(handle);
  handle = nullptr;
  status = impl_->db->CreateColumnFamily(rocksdb::ColumnFamilyOptions(impl_->db->GetOptions()),
                                         kNames[static_cast<std::size_t>(family)], &handle);
  if (!status.ok()) return Translate(status, impl_->path);
  return {};
}

Status Database::ForEach(Family family, std::string_view prefix, const Visit& visit) const {
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(rocksdb::ReadOptions(), impl_->of(family)));
  for (it->Seek(Slice(prefix)); it->Valid() && it->key().starts_with(Slice(prefix)); it->Next()) {
    if (Status status = visit(View(it->key()), View(it->value())); !status) return status;
  }
  if (!it->status().ok()) return Translate(it->status(), impl_->path);
  return {};
}

Status Database::Write(Batch& batch, bool sync) {
  // What is written now must not outlive what was written before.
  if (impl_->log_closer->failed) {
    return Error{ErrorCode::kIo, "an earlier part of the log could not be synced", impl_->path,
                 "check the disk, and open the store again"};
  }
  rocksdb::WriteOptions options;
  options.sync = sync;
  const rocksdb::Status status = impl_->db->Write(options, &batch.impl_->batch);
  if (!status.ok()) return Translate(status, impl_->path);
  return {};
}

Status Database::Sync() {
  const rocksdb::Status status = impl_->db->SyncWAL();
  if (!status.ok()) return Translate(status, impl_->path);
  return {};
}

// A value that was removed lives on in table files until a compaction comes by; in the log, until all that it holds was
// flushed; and in a file that is deleted late. So: flush, merge every file down to the last level, delete.
Status Database::Purge() {
  if (Status status = Flush(); !status) return status;
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  for (rocksdb::ColumnFamilyHandle* family : impl_->families) {
    const rocksdb::Status status = impl_->db->CompactRange(options, family, nullptr, nullptr);
    if (!status.ok()) return Translate(status, impl_->path);
  }
  // A compaction is told to be done before its thread has deleted the files that it replaced: wait for that too.
  const rocksdb::Status paused = impl_->db->PauseBackgroundWork();
  if (!paused.ok()) return Translate(paused, impl_->path);
  impl_->db->ContinueBackgroundWork();
  // Deletes what else became obsolete before it returns.
  impl_->db->DisableFileDeletions();
  const rocksdb::Status status = impl_->db->EnableFileDeletions(/*force=*/true);
  if (!status.ok()) return Translate(status, impl_->path);
  return {};
}

Status Database::Flush() {
  const rocksdb::Status status = impl_->db->Flush(rocksdb::FlushOptions(), impl_->families);
  if (!status.ok()) return Translate(status, impl_->path);
  return {};
}

Status Database::CopyTo(const std::string& path) {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(impl_->db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(path);
  if (!status.ok()) return Translate(status, path);
  return {};
}

std::map<std::string, std::uint64_t> Database::DiskBytes() const {
  std::map<std::string, std::uint64_t> bytes{{"tables", 0}, {"log", 0}, {"other", 0}};
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(impl_->path, ignored)) {
    const std::uint64_t size = entry.is_regular_file(ignored) ? entry.file_size(ignored) : 0;
    const std::string extension = entry.path().extension().string();
    bytes[extension == ".sst" ? "tables" : extension == ".log" ? "log" : "other"] += size;
  }
  return bytes;
}

std::map<std::string, std::uint64_t> Database::TableBytes() const {
  std::map<std::string, std::uint64_t> bytes;
  for (std::size_t family = 0; family < kFamilies; ++family) {
    std::uint64_t& of_family = bytes[family == 0 ? "meta" : kNames[family]];
    if (!impl_->db->GetIntProperty(impl_->families[family], rocksdb::DB::Properties::kTotalSstFilesSize, &of_family))
      of_family = 0;
  }
  return bytes;
}

Result<std::uint64_t> Database::CountKeys(Family family) const {
  std::uint64_t count = 0;
  const Status status = ForEach(family, "", [&](std::string_view, std::string_view) {
    ++count;
    return Status();
  });
  if (!status) return status.error();
  return count;
}

}  // namespace hedgerow::storage
