// A disk on which each sync takes as long as it is told, as on a slow virtual machine: for measuring group commit on a
// machine whose own disk is fast.
//
// All databases that are opened while it lives use it. A sync does not ask the real disk, it only takes its time, one
// after the other as on one disk.
//
// Thread rule: any thread may use the databases.
#pragma once

#include <chrono>
#include <memory>

namespace hedgerow::bench {

class SlowDisk {
 public:
  explicit SlowDisk(std::chrono::microseconds sync);
  ~SlowDisk();
  SlowDisk(const SlowDisk&) = delete;
  SlowDisk& operator=(const SlowDisk&) = delete;

  // What a bare sync takes, for whoever syncs a file of his own.
  void Sync();

 private:
  class FileSystem;
  class File;
  std::shared_ptr<FileSystem> file_system_;
};

}  // namespace hedgerow::bench
