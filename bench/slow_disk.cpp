#include "bench/slow_disk.h"

#include <rocksdb/file_system.h>

#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "storage/database.h"

namespace hedgerow::bench {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class SlowDisk::FileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit FileSystem(std::chrono::microseconds sync)
      : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()), sync_(sync) {}
  const char* Name() const override { return "SlowDisk"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override;

  IOStatus Sync() {
    const std::lock_guard lock(mutex_);
    std::this_thread::sleep_for(sync_);
    return IOStatus::OK();
  }

 private:
  const std::chrono::microseconds sync_;
  std::mutex mutex_;
};

class SlowDisk::File : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(FileSystem& disk, std::unique_ptr<rocksdb::FSWritableFile>&& file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk) {}
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return disk_.Sync(); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return disk_.Sync(); }

 private:
  FileSystem& disk_;
};

IOStatus SlowDisk::FileSystem::NewWritableFile(const std::string& path, const FileOptions& options,
                                               std::unique_ptr<rocksdb::FSWritableFile>* result,
                                               IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = target()->NewWritableFile(path, options, &file, debug);
  if (status.ok()) *result = std::make_unique<File>(*this, std::move(file));
  return status;
}

SlowDisk::SlowDisk(std::chrono::microseconds sync) : file_system_(std::make_shared<FileSystem>(sync)) {
  storage::Database::SetFileSystem(std::static_pointer_cast<rocksdb::FileSystem>(file_system_));
}
SlowDisk::~SlowDisk() {
  storage::Database::SetFileSystem(nullptr);
}

void SlowDisk::Sync() {
  // Sleeping cannot fail.
  file_system_->Sync().PermitUncheckedError();
}

}  // namespace hedgerow::bench
