#include "cli/load_sync.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

namespace hedgerow::cli {
namespace {

using Clock = std::chrono::steady_clock;

// About what the journal and the log write of a forgotten record.
constexpr std::size_t kBytes = 1'024;

class ScratchFile {
 public:
  explicit ScratchFile(const std::string& folder) {
    std::string path = (std::filesystem::path(folder) / "hedgerow-load-XXXXXX").string();
    file_ = ::mkostemp(path.data(), O_APPEND | O_CLOEXEC);
    if (file_ >= 0) ::unlink(path.c_str());
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() {
    if (file_ >= 0) ::close(file_);
  }
  bool open() const { return file_ >= 0; }
  bool Append(const std::array<char, kBytes>& bytes) const {
    return ::write(file_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && ::fdatasync(file_) == 0;
  }

 private:
  int file_ = -1;
};

Error Failed(const std::string& folder) {
  return {ErrorCode::kIo, std::string("a file cannot be written and synced: ") + std::strerror(errno), folder,
          "name a folder on the file system of the store that you may write to"};
}

}  // namespace

Result<std::unique_ptr<LoadResult>> SyncAtRate(const std::string& folder, double per_second,
                                               std::chrono::duration<double> length) {
  const ScratchFile file(folder);
  if (!file.open()) return Failed(folder);
  std::array<char, kBytes> bytes{};
  auto result = std::make_unique<LoadResult>();
  const auto between = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / per_second));
  const Clock::time_point begin = Clock::now();
  for (Clock::time_point due = begin; due - begin < length; due = std::max(due + between, Clock::now())) {
    std::this_thread::sleep_until(due);
    ++bytes[0];
    const Clock::time_point start = Clock::now();
    if (!file.Append(bytes)) return Failed(folder);
    result->Count({}, static_cast<std::uint64_t>(std::chrono::nanoseconds(Clock::now() - start).count()));
  }
  result->seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return result;
}

}  // namespace hedgerow::cli
