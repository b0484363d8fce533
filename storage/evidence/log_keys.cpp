#include "storage/evidence/log_keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "storage/directory.h"

namespace hedgerow::storage {
namespace {

namespace fs = std::filesystem;

Error Io(const char* what, const std::string& path) {
  return {ErrorCode::kIo, fmt::format("{}: {}", what, std::strerror(errno)), path,
          "check the disk and the permissions"};
}

std::string FolderOf(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

Status WriteSecret(const std::string& path, const NoteSigner& signer) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) {
    return Error{ErrorCode::kStoreUnavailable, "there is a key already", path, "choose another path for the log's key"};
  }
  if (file < 0) return Io("cannot write the key", path);
  std::string line = signer.ToText() + "\n";
  const bool written = write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && fsync(file) == 0;
  const Error error = Io("cannot write the key", path);
  close(file);
  sodium_memzero(line.data(), line.size());
  if (written) return SyncPath(FolderOf(path));
  std::remove(path.c_str());
  return error;
}

// Nothing if there is no such file or it is no key.
std::optional<NoteSigner> ReadSecret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string_view line = std::string_view(text).substr(0, text.find('\n'));
  auto signer = NoteSigner::Parse(line);
  sodium_memzero(text.data(), text.size());
  return signer;
}

Status Rename(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0 ? Status() : Status(Io("cannot rename", from));
}

}  // namespace

std::string LogKeyPath(const std::string& directory, const std::string& elsewhere) {
  return elsewhere.empty() ? directory + "/log.key" : elsewhere;
}

Result<NoteSigner> MakeLogKey(const std::string& path, const std::string& name) {
  NoteSigner signer = NoteSigner::Make(name);
  if (Status status = WriteSecret(path, signer); !status) return status.error();
  return signer;
}

Result<std::vector<NoteSigner>> LoadSigners(const std::string& path, const std::string& current) {
  std::optional<NoteSigner> signer = ReadSecret(path);
  if (!signer || signer->key().ToText() != current) {
    if (const auto next = ReadSecret(path + ".next"); next && next->key().ToText() == current) {
      if (Status status = FinishRotation(path); !status) return status.error();
      signer = next;
    }
  }
  if (!signer || signer->key().ToText() != current) {
    return Error{ErrorCode::kStoreUnavailable,
                 signer ? "this is not the key of the log" : "the log's key is not there, so nothing can be signed",
                 path, "say where it is with HEDGEROW_LOG_KEY"};
  }
  std::vector<NoteSigner> signers = {*signer};
  if (const auto previous = ReadSecret(path + ".previous"); previous && previous->key().name == signer->key().name)
    signers.push_back(*previous);
  return signers;
}

Result<NoteSigner> PrepareRotation(const std::string& path, const std::string& name) {
  // What an earlier attempt left is in no log: LoadSigners would have taken it over.
  std::remove((path + ".next").c_str());
  return MakeLogKey(path + ".next", name);
}

Status FinishRotation(const std::string& path) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    if (Status status = Rename(path, path + ".previous"); !status) return status;
  }
  if (Status status = Rename(path + ".next", path); !status) return status;
  return SyncPath(FolderOf(path));
}

}  // namespace hedgerow::storage
