#include "storage/directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "datasets/text.h"

namespace hedgerow::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMarkerStart = "hedgerow store\nversion ";

constexpr const char* kStoreMarker = "HEDGEROW";

Error Io(const std::string& what, const std::string& place, int error) {
  return {ErrorCode::kIo, fmt::format("{}: {}", what, std::strerror(error)), place,
          "check the disk and the permissions"};
}

}  // namespace

std::string DatabasePath(const std::string& directory) {
  return directory + "/db";
}

Status MakeDirectory(const std::string& directory) {
  std::error_code error;
  if (fs::exists(directory, error) && (!fs::is_directory(directory, error) || !fs::is_empty(directory, error))) {
    return Error{ErrorCode::kStoreUnavailable, "there is something already", directory,
                 "choose a new directory, or remove this one"};
  }
  fs::create_directories(directory, error);
  if (error) return Io("cannot make the directory", directory, error.value());
  return {};
}

void RemoveDirectory(const std::string& directory) {
  std::error_code ignored;
  fs::remove_all(directory, ignored);
}

Status SyncPath(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Io("cannot open", path, errno);
  const int failed = fsync(file);
  const int error = errno;
  close(file);
  if (failed != 0) return Io("cannot sync", path, error);
  return {};
}

Status SyncParent(const std::string& directory) {
  std::error_code error;
  const fs::path parent = fs::canonical(directory, error).parent_path();
  if (error) return Io("cannot find the directory", directory, error.value());
  return SyncPath(parent.string());
}

Status WriteFileDurably(const std::string& directory, const std::string& name, const std::string& content) {
  const std::string path = directory + "/" + name, part = path + ".part";
  {
    std::ofstream file(part, std::ios::binary);
    file << content;
    if (!file.flush()) return Io("cannot write", part, errno);
  }
  if (Status status = SyncPath(part); !status) return status;
  if (std::rename(part.c_str(), path.c_str()) != 0) return Io("cannot rename", part, errno);
  return SyncPath(directory);
}

Status WriteMarker(const std::string& directory, const std::string& more) {
  const std::string content = fmt::format("{}{}\n{}", kMarkerStart, kStoreVersion, more);
  if (Status status = WriteFileDurably(directory, kStoreMarker, content); !status) return status;
  // The directory's own name is an entry of its parent.
  return SyncParent(directory);
}

Status CheckMarker(const std::string& directory, const CheckOptions& options) {
  std::error_code ignored;
  const auto unavailable = [&](std::string message, std::string remedy) {
    return Error{ErrorCode::kStoreUnavailable, std::move(message), directory, std::move(remedy)};
  };
  if (!fs::exists(directory, ignored)) {
    return unavailable("there is no store", "check the path, or make one with 'hedgerow train'");
  }
  if (fs::exists(directory + "/" + kRestoringMarker, ignored)) {
    if (options.restoring) return {};
    return unavailable("this store is being restored, and what was erased since its backup may still be in it",
                       "wait for 'hedgerow restore'; if it was interrupted, remove the directory and restore again");
  }
  if (fs::exists(directory + "/" + kBackupMarker, ignored)) {
    return unavailable("this is a backup and not a store: it may hold what was erased since",
                       "make a store of it with 'hedgerow restore'");
  }
  std::ifstream file(directory + "/" + kStoreMarker, std::ios::binary);
  if (!file) {
    const bool unfinished = fs::exists(DatabasePath(directory), ignored);
    return unfinished ? unavailable("this store was never finished", "remove it and train again")
                      : unavailable("this is not a store", "check the path, or make one with 'hedgerow train'");
  }
  std::ostringstream text;
  text << file.rdbuf();
  std::string_view rest = text.view();
  if (!rest.starts_with(kMarkerStart)) return unavailable("this is not a store", "check the path");
  rest.remove_prefix(kMarkerStart.size());
  const auto version = datasets::ParseUnsigned(rest.substr(0, rest.find('\n')));
  if (version == static_cast<std::uint64_t>(kStoreVersion)) return {};
  if (version == static_cast<std::uint64_t>(kOlderVersion)) {
    if (options.older) return {};
    return unavailable(fmt::format("the store is of version {}, which has no log", kOlderVersion),
                       "open it once for writing: 'hedgerow compact' brings it up to date");
  }
  return unavailable(fmt::format("the store is of another version, this program reads version {}", kStoreVersion),
                     "use the program that made it, or train again");
}

Status UpgradeMarker(const std::string& directory) {
  std::ifstream file(directory + "/" + kStoreMarker, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  const std::string older = fmt::format("{}{}\n", kMarkerStart, kOlderVersion);
  if (!text.view().starts_with(older)) return {};
  return WriteMarker(directory, text.str().substr(older.size()));
}

}  // namespace hedgerow::storage
