// Opening a database, and opening it again after its disk failed (database.h).
#include <fmt/format.h>
#include <rocksdb/file_system.h>
#include <rocksdb/options.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <set>
#include <utility>

#include "storage/database_impl.h"

namespace hedgerow::storage {
namespace {

constexpr std::size_t kWriteBufferBytes = 16 << 20;

std::shared_ptr<void>& OtherFileSystem() {
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

rocksdb::Options MakeOptions(Database::Mode mode) {
  rocksdb::Options options;
  options.create_if_missing = mode == Database::Mode::kCreate;
  // Also for writing: a process may have ended while it made a family empty.
  options.create_missing_column_families = mode != Database::Mode::kRead;
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
  options.max_bgerror_resume_count = 0;  // see Recover
  options.compression = rocksdb::kNoCompression;
  return options;
}

}  // namespace

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

void Database::SetFileSystem(std::shared_ptr<void> file_system) {
  OtherFileSystem() = std::move(file_system);
}

Status Database::Impl::Open() {
  rocksdb::Options options = MakeOptions(mode);
  std::error_code ignored;
  if (mode != Mode::kCreate && !std::filesystem::exists(path + "/CURRENT", ignored)) {
    return Error{ErrorCode::kStoreDamaged, "the database is not there", path, "restore a backup, or train again"};
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const char* name : kNames) descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions(options));
  if (env != nullptr) options.env = env.get();
  if (mode != Mode::kRead) options.listeners.push_back(log_closer);
  // A process that writes may move what is in a log into table files, and merge those, while a reader opens them. Then
  // opening fails where nothing is wrong, or misses what was in the log. So a reader tries again, unless it failed and
  // nothing changed meanwhile, or it succeeded and all logs are still there: open table files stay readable.
  constexpr int kAttempts = 1000;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::set<std::string> before = FileNames(path);
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = mode == Mode::kRead
                                       ? rocksdb::DB::OpenForReadOnly(options, path, descriptors, &families, &opened)
                                       : rocksdb::DB::Open(options, path, descriptors, &families, &opened);
    db.reset(opened);
    const std::set<std::string> after = FileNames(path);
    const bool logs_stayed = std::all_of(before.begin(), before.end(),
                                         [&](const std::string& name) { return !IsLog(name) || after.contains(name); });
    const bool last = mode != Mode::kRead || attempt + 1 == kAttempts || (status.ok() ? logs_stayed : before == after);
    if (last && !status.ok()) return Translate(status, path);
    if (last) break;
    Close();
  }
  log_closer->fresh = true;
  log_closer->db = db.get();
  return {};
}

void Database::Impl::Close() {
  for (rocksdb::ColumnFamilyHandle* family : families) {
    if (family != nullptr) db->DestroyColumnFamilyHandle(family);
  }
  families.clear();
  log_closer->db = nullptr;
  db.reset();
}

Result<std::unique_ptr<Database>> Database::Open(const std::string& path, Mode mode) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->mode = mode;
  if (OtherFileSystem() != nullptr) {
    impl->env = rocksdb::NewCompositeEnv(std::static_pointer_cast<rocksdb::FileSystem>(OtherFileSystem()));
  }
  if (Status status = impl->Open(); !status) return status.error();
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

bool Database::broken() const {
  return impl_->failure.any();
}

// RocksDB has a way to go on after a failure, Resume, which in this version begins no new log where there is nothing to
// flush, and then ends the program at the next write to the old one. Opening again always works.
Status Database::Recover() {
  const std::lock_guard lock(impl_->use);
  if (!impl_->failure.any()) return {};
  if (impl_->mode == Mode::kCreate) impl_->mode = Mode::kWrite;
  impl_->Close();
  const Status status = impl_->Open();
  impl_->down = status ? std::nullopt : std::optional<Error>(status.error());
  if (!status) return status;
  impl_->failure.Forget();
  return {};
}

Status Database::Impl::Writable() const {
  if (down) return *down;
  return failure.any() ? Status(Translate(failure.first(), path)) : Status();
}

Status Database::Impl::Written(const rocksdb::Status& status) {
  if (status.ok()) return {};
  failure.Note(status);
  return Translate(status, path);
}

Status Database::Empty(Family family) {
  const std::shared_lock lock(impl_->use);
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

}  // namespace hedgerow::storage
