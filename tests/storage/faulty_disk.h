// A disk that fails when it is told to, and that can tell what it would hold after a power failure.
//
// It stands between RocksDB and the real files: all databases that are opened while it lives use it. A power failure
// loses what was not synced; which part of it, nobody knows, so a copy may keep any prefix of each file's unsynced
// bytes. Names of files are lost as well until their directory is synced, or until a later rename in it, since file
// systems keep the order of such changes. What it does not imitate: bytes within the unsynced part that turn up
// in another order.
//
// Thread rule: any thread may use the databases; the disk itself is told what to do by one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>

namespace hedgerow::tests {

class FaultyDisk {
 public:
  enum class Fault { kNoSpace, kIo };

  FaultyDisk();
  ~FaultyDisk();

  // The n-th write or sync from now on (1: the next) fails, and with `lasting` all that follow. A write that fails for
  // want of space has written half of its bytes.
  void FailAt(std::uint64_t n, Fault fault, bool lasting);
  void Heal();
  // Writes and syncs since FailAt, or ever.
  std::uint64_t operations() const;
  bool failed() const;  // since FailAt

  // Called before each write and sync, while no other is under way.
  void OnOperation(std::function<void()> call);
  // How many files whose names end so have unsynced bytes.
  std::size_t Unsynced(const std::string& suffix) const;
  // Copies a store as it would be found if the power failed now: without unsynced bytes, or with a random part of
  // those of each file.
  void CopyAfterPowerFailure(const std::string& from, const std::string& to, std::mt19937_64* some_of_them) const;

 private:
  class FileSystem;
  class File;
  class Directory;
  std::shared_ptr<FileSystem> file_system_;
};

}  // namespace hedgerow::tests
