#include "storage/backup.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "datasets/text.h"
#include "storage/bytes.h"
#include "storage/description.h"
#include "storage/directory.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace hedgerow::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBackupStart = "hedgerow backup\nversion ";
// How often a copy is begun anew because the process that has the store open moved files meanwhile.
constexpr int kAttempts = 10;

Error Io(const std::string& what, const std::string& place, const std::error_code& error) {
  return {ErrorCode::kIo, fmt::format("{}: {}", what, error.message()), place, "check the disk and the permissions"};
}

// The name and the length of the manifest, which every move of data from the log to a table file extends.
std::string ManifestState(const std::string& database) {
  std::ifstream current(database + "/CURRENT", std::ios::binary);
  std::string name;
  std::getline(current, name);
  std::error_code ignored;
  return fmt::format("{} {}", name, fs::file_size(database + "/" + name, ignored));
}

// A copy that shares no file with the store: damage to one of them shall not be damage to the other.
Status Unshare(const fs::path& path) {
  std::error_code error;
  if (fs::hard_link_count(path, error) <= 1 && !error) return {};
  fs::path part = path;
  part += ".part";
  fs::copy_file(path, part, fs::copy_options::overwrite_existing, error);
  if (error) return Io("cannot copy", path.string(), error);
  fs::rename(part, path, error);
  if (error) return Io("cannot rename", part.string(), error);
  return {};
}

Status SettleFiles(const std::string& directory, BackupReport& report) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (Status status = Unshare(entry.path()); !status) return status;
    if (Status status = SyncPath(entry.path().string()); !status) return status;
    ++report.files;
    report.bytes += fs::file_size(entry.path(), error);
  }
  if (error) return Io("cannot list", directory, error);
  return SyncPath(directory);
}

// Looks into the copy: it must be readable, and every update must be in its journal.
Status Examine(const std::string& directory, BackupReport& report, std::string& identity) {
  const Result<std::unique_ptr<Database>> copy = OpenForReading(directory);
  if (!copy) return copy.error();
  const Result<Description> description = Describe(**copy, directory);
  if (!description) return description.error();
  report.sequence = description->counters.sequence;
  report.records = description->counters.records;
  identity = StoreIdentity(description->header.secret);
  std::uint64_t next = 1;
  Status status = (*copy)->ForEach(Family::kJournal, "", [&](std::string_view key, std::string_view) -> Status {
    return SequenceOf(key) == next++ ? Status() : Status(DamagedStore(directory, "the journal"));
  });
  if (!status) return status;
  const Result<std::uint64_t> records = (*copy)->CountKeys(Family::kRecords);
  if (!records) return records.error();
  const bool whole = next == report.sequence + 1 && *records == report.records;
  return whole ? Status() : Status(DamagedStore(directory, "the list of records"));
}

using Copy = std::function<Status(const std::string& path)>;

Result<BackupReport> Make(const std::string& to, const Copy& copy) {
  if (Status status = MakeDirectory(to); !status) return status.error();
  BackupReport report;
  const Status made = [&]() -> Status {
    report.time_us = NowUs();
    if (Status status = copy(DatabasePath(to)); !status) return status;
    std::string identity;
    if (Status status = SettleFiles(DatabasePath(to), report); !status) return status;
    if (Status status = Examine(to, report, identity); !status) return status;
    const std::string marker = fmt::format("{}{}\nsequence {}\ntime {}\nstore {}\n", kBackupStart, kStoreVersion,
                                           report.sequence, report.time_us, ToHex(identity));
    if (Status status = WriteFileDurably(to, kBackupMarker, marker); !status) return status;
    return SyncParent(to);
  }();
  if (made) return report;
  RemoveDirectory(to);
  return made.error();
}

// Of a store that may be open in another process. That one may move data from its log to a new table file between our
// reading of the manifest and our copying of the log, and then the copy would lack them: so the manifest must be
// the same before and after.
Status CopyFromOutside(const std::string& store, const std::string& path) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    RemoveDirectory(path);
    const std::string before = ManifestState(DatabasePath(store));
    const Result<std::unique_ptr<Database>> database = OpenForReading(store);
    Status status = database ? (*database)->CopyTo(path) : Status(database.error());
    if (ManifestState(DatabasePath(store)) == before) return status;
  }
  return Error{ErrorCode::kStoreUnavailable, "another process is changing the store's files", store,
               "try again, or let the process that has it open make the backup"};
}

}  // namespace

Result<BackupReport> MakeBackup(const std::string& store, const std::string& to) {
  if (Status status = CheckMarker(store); !status) return status.error();
  return Make(to, [&](const std::string& path) { return CopyFromOutside(store, path); });
}

Result<BackupReport> MakeBackup(Store& store, const std::string& to) {
  return Make(to, [&](const std::string& path) { return store.CopyDatabase(path); });
}

Result<BackupMarker> ReadBackupMarker(const std::string& directory) {
  const auto unavailable = [&](const std::string& message, const std::string& remedy) {
    return Error{ErrorCode::kStoreUnavailable, message, directory, remedy};
  };
  std::ifstream file(directory + "/" + kBackupMarker, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::string_view rest = text;
  if (!rest.starts_with(kBackupStart)) {
    return unavailable("this is no backup, or one that was not finished",
                       "give a directory that 'hedgerow backup' has made");
  }
  rest.remove_prefix(kBackupStart.size());
  const auto take = [&](std::string_view name) -> std::optional<std::uint64_t> {
    if (!rest.starts_with(name)) return std::nullopt;
    rest.remove_prefix(name.size());
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const auto number = datasets::ParseUnsigned(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return number;
  };
  const auto version = take("");
  if (version != static_cast<std::uint64_t>(kStoreVersion) && version != static_cast<std::uint64_t>(kOlderVersion)) {
    return unavailable(fmt::format("the backup is of another version, this program reads version {}", kStoreVersion),
                       "use the program that made it");
  }
  const auto sequence = take("sequence "), time = take("time ");
  if (!sequence || !time)
    return Error{ErrorCode::kStoreDamaged, "the backup's marker is damaged", directory, "take another backup"};
  return BackupMarker{*sequence, *time};
}

std::string UtcTime(std::uint64_t us) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(us / 1'000'000)));
}

}  // namespace hedgerow::storage
