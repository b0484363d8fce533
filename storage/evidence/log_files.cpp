#include "storage/evidence/log_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "storage/directory.h"

namespace hedgerow::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPartial = ".p/";

std::optional<std::string> ReadWhole(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

// "tile/0/001.p/17" to "tile/0/001"
std::string WithoutWidth(const std::string& path) {
  return path.substr(0, path.rfind(kPartial));
}

Error Missing(const std::string& path) {
  return {ErrorCode::kStoreDamaged, "a file of the log is missing", path,
          "get it from a copy; or remove the file 'checkpoint' beside it, and the store writes all files anew"};
}

// Writes a file below the folder, and the directories on the way to it.
class Folder {
 public:
  explicit Folder(std::string path) : path_(std::move(path)) {}

  Status Write(const std::string& name, std::string_view content) {
    const fs::path target = fs::path(path_) / name;
    if (Status status = Make(target.parent_path()); !status) return status;
    return WriteFileDurably(target.parent_path().string(), target.filename().string(), std::string(content));
  }
  // A file that never changes once it is there. What was partial goes when it is full.
  Status WriteOnce(const std::string& name, std::string_view content) {
    if (const auto there = ReadWhole(path_ + "/" + name); there && *there == content) return {};
    if (Status status = Write(name, content); !status) return status;
    std::error_code ignored;
    if (name.find(kPartial) == std::string::npos) fs::remove_all(path_ + "/" + name + ".p", ignored);
    return {};
  }

 private:
  Status Make(const fs::path& folder) {
    std::error_code error;
    if (fs::is_directory(folder, error)) return {};
    if (Status status = folder.has_parent_path() ? Make(folder.parent_path()) : Status(); !status) return status;
    fs::create_directory(folder, error);
    if (error) {
      return Error{ErrorCode::kIo, "cannot make the directory: " + error.message(), folder.string(),
                   "check the disk and the permissions"};
    }
    return SyncPath(folder.has_parent_path() ? folder.parent_path().string() : ".");
  }

  std::string path_;
};

Status WriteBundles(Folder& folder, const std::string& directory, const Database& database, std::uint64_t from,
                    std::uint64_t size) {
  std::string bundle;
  return ForEachLogEntry(database, from / kTileWidth * kTileWidth, size, directory,
                         [&](std::uint64_t index, std::string_view entry) -> Status {
                           AppendToBundle(entry, bundle);
                           const std::uint64_t width = index % kTileWidth + 1;
                           if (width != kTileWidth && index + 1 != size) return {};
                           Status status = folder.WriteOnce(BundlePath(index / kTileWidth, width), bundle);
                           bundle.clear();
                           return status;
                         });
}

// The files of a directory here.
class FolderSource final : public LogSource {
 public:
  explicit FolderSource(std::string folder) : folder_(std::move(folder)) {}
  const std::string& place() const override { return folder_; }
  Result<std::string> ReadBundle(std::uint64_t index, std::uint64_t width) const override {
    return Read(BundlePath(index, width), width);
  }
  Result<std::string> ReadHashes(const Tile& tile, std::uint64_t width) const override {
    return Read(TilePath(tile, width), width);
  }

 private:
  // A partial file may have become a full one after the checkpoint was read.
  Result<std::string> Read(const std::string& path, std::uint64_t width) const {
    auto content = ReadWhole(folder_ + "/" + path);
    if (!content && width != kTileWidth) content = ReadWhole(folder_ + "/" + WithoutWidth(path));
    if (!content) return Missing(folder_ + "/" + path);
    return std::move(*content);
  }

  std::string folder_;
};

}  // namespace

std::string LogFolder(const std::string& directory) {
  return directory + "/log";
}

std::optional<std::string> ReadCheckpointFile(const std::string& directory) {
  return ReadWhole(LogFolder(directory) + "/checkpoint");
}

Status WriteLogFiles(const std::string& directory, const Database& database, std::uint64_t from,
                     const Published& published, const std::vector<std::string>& keys) {
  Folder folder(LogFolder(directory));
  const std::uint64_t size = published.checkpoint.size;
  const ReadTile read = TilesIn(database, directory);
  for (const Tile& tile : TilesOf(size, from)) {
    const Result<std::string> content = read(tile);
    if (!content) return content.error();
    const std::uint64_t width = WidthOf(tile, size);
    // The database may be further already.
    const std::string_view hashes = std::string_view(*content).substr(0, width * sizeof(Hash));
    if (Status status = folder.WriteOnce(TilePath(tile, width), hashes); !status) return status;
  }
  if (Status status = WriteBundles(folder, directory, database, from, size); !status) return status;
  std::string lines;
  for (const std::string& key : keys) lines += key + "\n";
  if (Status status = folder.WriteOnce("keys", lines); !status) return status;
  return folder.Write("checkpoint", published.note);
}

Result<LogFiles> LogFiles::Open(const std::string& directory) {
  const std::string folder = LogFolder(directory);
  const auto checkpoint = ReadCheckpointFile(directory);
  if (!checkpoint) {
    return Error{ErrorCode::kStoreUnavailable, "there is no log with a checkpoint", folder,
                 "give the directory of a store or of an export"};
  }
  const auto keys = ReadWhole(folder + "/keys");
  return From(std::make_shared<FolderSource>(folder), *checkpoint, keys ? *keys : "");
}

Result<LogFiles> LogFiles::From(std::shared_ptr<const LogSource> source, std::string_view checkpoint,
                                std::string_view keys) {
  LogFiles log;
  log.source_ = std::move(source);
  auto note = ParseNote(checkpoint);
  const auto parsed = note ? ParseCheckpoint(note->text) : std::nullopt;
  if (!parsed) {
    return Error{ErrorCode::kStoreDamaged, "the checkpoint of the log is not one", log.source_->place() + "/checkpoint",
                 "get it from a copy; or remove it, and the store writes the log's files anew"};
  }
  log.note_ = std::move(*note);
  log.checkpoint_ = *parsed;
  for (std::string_view lines = keys; !lines.empty();) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    if (auto key = ParseNoteKey(lines.substr(0, end))) log.keys_.push_back(std::move(*key));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return log;
}

Result<std::string> LogFiles::ReadBundleFile(std::uint64_t index) const {
  const std::uint64_t width = WidthOf({0, index}, size());
  Result<std::string> bundle = source_->ReadBundle(index, width);
  if (!bundle) return bundle;
  const auto entries = EntriesOf(*bundle);
  if (!entries || entries->size() < width) {
    return Error{ErrorCode::kStoreDamaged, "a bundle of entries is cut or changed",
                 source_->place() + "/" + BundlePath(index, width), "get it from a copy"};
  }
  if (entries->size() > width) bundle->resize(static_cast<std::size_t>((*entries)[width].data() - bundle->data()) - 2);
  return bundle;
}

Result<std::string> LogFiles::ReadTileFile(const Tile& tile) const {
  const std::uint64_t width = WidthOf(tile, size());
  Result<std::string> content = source_->ReadHashes(tile, width);
  if (content && content->size() < width * sizeof(Hash)) {
    return Error{ErrorCode::kStoreDamaged, "a tile of the log is too short",
                 source_->place() + "/" + TilePath(tile, width), "get it from a copy"};
  }
  if (content) content->resize(width * sizeof(Hash));
  return content;
}

SubtreeHash LogFiles::Subtrees() const {
  return SubtreesOf([this](const Tile& tile) { return ReadTileFile(tile); });
}

Status LogFiles::ForEach(std::uint64_t first, const VisitEntry& visit) const {
  for (std::uint64_t index = first / kTileWidth; index * kTileWidth < size(); ++index) {
    const Result<std::string> bundle = ReadBundleFile(index);
    if (!bundle) return bundle.error();
    std::uint64_t next = index * kTileWidth;
    const auto entries = EntriesOf(*bundle);
    for (const std::string_view entry : *entries) {
      if (next++ < first) continue;
      if (Status status = visit(next - 1, entry); !status) return status;
    }
  }
  return {};
}

Result<std::string> LogFiles::Entry(std::uint64_t index) const {
  HEDGEROW_CHECK(index < size(), "no such entry in the log");
  const Result<std::string> bundle = ReadBundleFile(index / kTileWidth);
  if (!bundle) return bundle.error();
  return std::string((*EntriesOf(*bundle))[index % kTileWidth]);
}

Result<Receipt> LogFiles::Prove(std::uint64_t index, const std::optional<Opening>& opening) const {
  Result<std::string> entry = Entry(index);
  if (!entry) return entry.error();
  Result<std::vector<Hash>> proof = InclusionProof(index, size(), Subtrees());
  if (!proof) return proof.error();
  Receipt receipt{std::move(*entry), opening, index, std::move(*proof), note_};
  // The newest key alone, so that every byte of the receipt is checked by whoever has that key.
  if (!keys_.empty() && note_.signatures.size() > 1) {
    std::erase_if(receipt.checkpoint.signatures, [&](const NoteSignature& signature) {
      return signature.name != keys_.back().name || !signature.bytes.starts_with(keys_.back().Id());
    });
  }
  return receipt;
}

}  // namespace hedgerow::storage
