#include "storage/evidence/log_search.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "storage/backup.h"
#include "storage/bytes.h"
#include "storage/description.h"
#include "storage/directory.h"
#include "storage/evidence/log_store.h"
#include "storage/keys.h"

namespace hedgerow::storage {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReadme =
    "An export of the log of a Hedgerow store, for an auditor.\n"
    "\n"
    "log/checkpoint    how far the log has come, signed\n"
    "log/tile/...      its hashes and entries, in the form of c2sp.org/tlog-tiles\n"
    "log/keys          its public keys; compare them with those that you were given in another way\n"
    "parameters.txt    what the model is grown with; its SHA-256 stands in the log\n"
    "seed.txt, db/     only where data were exported: the seed, and the records\n"
    "\n"
    "hedgerow audit verify --store .    checks all of it; with data also that the records are those of the log\n"
    "hedgerow verify --store .          with data: grows the forest anew and compares its root with the log's\n";

Error Io(const std::string& what, const std::string& place, const std::error_code& error) {
  return {ErrorCode::kIo, fmt::format("{}: {}", what, error.message()), place, "check the disk and the permissions"};
}

Status WritePlain(const std::string& path, std::string_view content) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) return Io("cannot make the directory", fs::path(path).parent_path().string(), error);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (file << content && file.flush()) return {};
  return Error{ErrorCode::kIo, "the file cannot be written", path, "check the disk and the permissions"};
}

// What belongs to the checkpoint, and nothing that came later or was replaced.
Status WriteLog(const LogFiles& log, const std::string& to) {
  const std::string folder = LogFolder(to);
  for (std::uint64_t index = 0; index * kTileWidth < log.size(); ++index) {
    const Result<std::string> bundle = log.ReadBundleFile(index);
    if (!bundle) return bundle.error();
    const std::string path = folder + "/" + BundlePath(index, WidthOf({0, index}, log.size()));
    if (Status status = WritePlain(path, *bundle); !status) return status;
  }
  for (const Tile& tile : TilesOf(log.size(), 0)) {
    const Result<std::string> hashes = log.ReadTileFile(tile);
    if (!hashes) return hashes.error();
    const std::string path = folder + "/" + TilePath(tile, WidthOf(tile, log.size()));
    if (Status status = WritePlain(path, *hashes); !status) return status;
  }
  std::string keys;
  for (const NoteKey& key : log.keys()) keys += key.ToText() + "\n";
  if (Status status = WritePlain(folder + "/keys", keys); !status) return status;
  return WriteFileDurably(folder, "checkpoint", log.note().ToText());
}

Status RemoveUnless(Status made, const std::string& to) {
  if (!made) RemoveDirectory(to);
  return made;
}

Status WriteDescription(const std::string& from, const std::string& to, bool with_data) {
  const Result<std::unique_ptr<Database>> database = OpenForReading(from);
  if (!database) return database.error();
  const Result<Description> description = Describe(**database, from);
  if (!description) return description.error();
  if (Status status = WriteFileDurably(to, "parameters.txt", ParametersText(description->header)); !status)
    return status;
  if (!with_data) return {};
  const SeedCommitment seed = CommitToSeed(description->header);
  return WriteFileDurably(to, "seed.txt",
                          fmt::format("seed {}\nnonce {}\ncommitment {}\n", description->header.parameters.seed,
                                      ToHex(seed.nonce), seed.hash.ToHex()));
}

// A backup that may be opened: by an auditor, and it is no store that goes on, as it has no key.
Status CopyData(const std::string& from, const std::string& to) {
  const Result<BackupReport> backup = MakeBackup(from, to);
  if (!backup) return backup.error();
  std::error_code error;
  fs::remove(to + "/" + kBackupMarker, error);
  if (error) return Io("cannot remove", to + "/" + kBackupMarker, error);
  return WriteMarker(to, fmt::format("exported-for-an-auditor {}\n", UtcTime(backup->time_us)));
}

}  // namespace

Status ForEachOf(const LogFiles& log, const std::string& directory, std::string_view request_id, std::uint64_t first,
                 const VisitEntry& visit) {
  std::string key;
  const bool as_it_is = LogRequestName(request_id, key) == request_id;
  if (std::error_code ignored; !as_it_is && fs::exists(DatabasePath(directory), ignored)) {
    const Result<std::unique_ptr<Database>> database = OpenForReading(directory);
    if (!database) return database.error();
    const Result<Description> description = Describe(**database, directory);
    if (!description) return description.error();
    key = RequestKey(description->header.secret, request_id);
  }
  const std::string line = fmt::format("\nrequest {}\n", LogRequestName(request_id, key));
  return log.ForEach(first, [&](std::uint64_t index, std::string_view entry) -> Status {
    return entry.find(line) == std::string_view::npos ? Status() : visit(index, entry);
  });
}

Result<std::vector<std::uint64_t>> EntriesOf(const LogFiles& log, const std::string& directory,
                                             std::string_view request_id) {
  std::vector<std::uint64_t> found;
  const Status status = ForEachOf(log, directory, request_id, 0, [&](std::uint64_t index, std::string_view) -> Status {
    found.push_back(index);
    return {};
  });
  if (!status) return status.error();
  return found;
}

Status ExportLog(const std::string& directory, const std::string& to, bool with_data) {
  if (Status status = CheckMarker(directory); !status) return status;
  // Its checkpoint first, so that the copy of the data is no older.
  const Result<LogFiles> log = LogFiles::Open(directory);
  if (!log) return log.error();
  if (Status status = with_data ? CopyData(directory, to) : MakeDirectory(to); !status) return status;
  const auto make = [&]() -> Status {
    if (Status status = WriteLog(*log, to); !status) return status;
    if (Status status = WriteDescription(directory, to, with_data); !status) return status;
    return WriteFileDurably(to, "README.txt", kReadme);
  };
  return RemoveUnless(make(), to);
}

Status ExportLog(const LogFiles& log, const std::string& parameters, const std::string& to) {
  if (Status status = MakeDirectory(to); !status) return status;
  const auto make = [&]() -> Status {
    if (Status status = WriteLog(log, to); !status) return status;
    if (Status status = WriteFileDurably(to, "parameters.txt", parameters); !status) return status;
    return WriteFileDurably(to, "README.txt", kReadme);
  };
  return RemoveUnless(make(), to);
}

}  // namespace hedgerow::storage
