#include "tests/storage/faulty_disk.h"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "storage/database.h"

namespace hedgerow::tests {
namespace {

namespace fs = std::filesystem;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

struct State {
  std::uint64_t size = 0, synced = 0;
  bool name_synced = false;
};

std::string FolderOf(const std::string& path) {
  return fs::path(path).parent_path().lexically_normal().string();
}
std::string Normal(const std::string& path) {
  return fs::path(path).lexically_normal().string();
}

}  // namespace

class FaultyDisk::FileSystem : public rocksdb::FileSystemWrapper {
 public:
  FileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultyDisk"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override;
  IOStatus ReopenWritableFile(const std::string&, const FileOptions&, std::unique_ptr<rocksdb::FSWritableFile>*,
                              IODebugContext*) override {
    return IOStatus::NotSupported("files are not continued");
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* debug) override;
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    const std::lock_guard lock(mutex);
    IOStatus status = target()->RenameFile(from, to, options, debug);
    if (!status.ok()) return status;
    files[Normal(to)] = files[Normal(from)];
    files.erase(Normal(from));
    SyncNames(FolderOf(to));
    return status;
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(mutex);
    files.erase(Normal(path));
    return target()->DeleteFile(path, options, debug);
  }

  void SyncNames(const std::string& folder) {
    for (auto& [path, state] : files) {
      if (FolderOf(path) == folder) state.name_synced = true;
    }
  }

  // Whether the operation that comes next fails, and how.
  IOStatus Next() {
    if (call) call();
    ++operations;
    if (fail_at == 0 || (lasting ? operations < fail_at : operations != fail_at)) return IOStatus::OK();
    failed = true;
    if (fault == Fault::kIo) return IOStatus::IOError("Input/output error");
    IOStatus status = IOStatus::NoSpace("No space left on device");
    status.SetRetryable(true);  // as the system's file system has it
    return status;
  }

  mutable std::recursive_mutex mutex;  // guards all that follows; held during each operation
  std::map<std::string, State> files;
  std::uint64_t operations = 0, fail_at = 0;
  Fault fault = Fault::kIo;
  bool lasting = false, failed = false;
  std::function<void()> call;
};

class FaultyDisk::File : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(FileSystem& disk, std::string path, std::unique_ptr<rocksdb::FSWritableFile>&& file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), path_(std::move(path)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(disk_.mutex);
    IOStatus status = disk_.Next();
    const std::size_t bytes = status.ok() ? data.size() : status.IsNoSpace() ? data.size() / 2 : 0;
    const IOStatus written = target()->Append(rocksdb::Slice(data.data(), bytes), options, debug);
    if (written.ok()) disk_.files[path_].size += bytes;
    return status.ok() ? written : status;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(disk_.mutex);
    IOStatus status = disk_.Next();
    // The real disk is not asked: nobody cuts its power.
    if (status.ok()) disk_.files[path_].synced = disk_.files[path_].size;
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(disk_.mutex);
    State& state = disk_.files[path_];
    state.size = size;
    state.synced = std::min(state.synced, size);
    return target()->Truncate(size, options, debug);
  }
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  FileSystem& disk_;
  std::string path_;
};

class FaultyDisk::Directory : public rocksdb::FSDirectory {
 public:
  Directory(FileSystem& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(disk_.mutex);
    IOStatus status = disk_.Next();
    if (status.ok()) disk_.SyncNames(path_);
    return status;
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  FileSystem& disk_;
  std::string path_;
};

IOStatus FaultyDisk::FileSystem::NewWritableFile(const std::string& path, const FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSWritableFile>* result,
                                                 IODebugContext* debug) {
  const std::lock_guard lock(mutex);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = target()->NewWritableFile(path, options, &file, debug);
  if (!status.ok()) return status;
  files[Normal(path)] = {};
  *result = std::make_unique<File>(*this, Normal(path), std::move(file));
  return status;
}

IOStatus FaultyDisk::FileSystem::NewDirectory(const std::string& path, const IOOptions& options,
                                              std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  IOStatus status = target()->NewDirectory(path, options, &directory, debug);
  if (status.ok()) *result = std::make_unique<Directory>(*this, FolderOf(path + "/x"));
  return status;
}

FaultyDisk::FaultyDisk() : file_system_(std::make_shared<FileSystem>()) {
  storage::Database::SetFileSystem(std::static_pointer_cast<rocksdb::FileSystem>(file_system_));
}
FaultyDisk::~FaultyDisk() {
  storage::Database::SetFileSystem(nullptr);
}

void FaultyDisk::FailAt(std::uint64_t n, Fault fault, bool lasting) {
  const std::lock_guard lock(file_system_->mutex);
  file_system_->operations = 0;
  file_system_->fail_at = n;
  file_system_->fault = fault;
  file_system_->lasting = lasting;
  file_system_->failed = false;
}
void FaultyDisk::Heal() {
  const std::lock_guard lock(file_system_->mutex);
  file_system_->fail_at = 0;
}
std::uint64_t FaultyDisk::operations() const {
  const std::lock_guard lock(file_system_->mutex);
  return file_system_->operations;
}
bool FaultyDisk::failed() const {
  const std::lock_guard lock(file_system_->mutex);
  return file_system_->failed;
}
void FaultyDisk::OnOperation(std::function<void()> call) {
  const std::lock_guard lock(file_system_->mutex);
  file_system_->call = std::move(call);
}

std::size_t FaultyDisk::Unsynced(const std::string& suffix) const {
  const std::lock_guard lock(file_system_->mutex);
  return static_cast<std::size_t>(std::count_if(
      file_system_->files.begin(), file_system_->files.end(),
      [&](const auto& entry) { return entry.first.ends_with(suffix) && entry.second.synced < entry.second.size; }));
}

void FaultyDisk::CopyAfterPowerFailure(const std::string& from, const std::string& to, std::mt19937_64* some) const {
  const std::lock_guard lock(file_system_->mutex);
  fs::remove_all(to);
  fs::create_directories(to);
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path target = to / fs::relative(entry.path(), from);
    if (entry.is_directory()) {
      fs::create_directories(target);
      continue;
    }
    const std::string name = entry.path().filename().string();
    if (name.starts_with("LOG") || name == "LOCK") continue;
    const auto found = file_system_->files.find(Normal(entry.path().string()));
    if (found == file_system_->files.end()) {
      fs::copy_file(entry.path(), target);
      continue;
    }
    const State& state = found->second;
    if (!state.name_synced && (some == nullptr || (*some)() % 2 == 0)) continue;
    const std::uint64_t kept =
        some == nullptr ? state.synced : state.synced + (*some)() % (state.size - state.synced + 1);
    fs::copy_file(entry.path(), target);
    fs::resize_file(target, kept);
  }
}

}  // namespace hedgerow::tests
