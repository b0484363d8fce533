#include "storage/evidence/log_audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "storage/bytes.h"
#include "storage/directory.h"

namespace hedgerow::storage {
namespace {

constexpr std::size_t kMostProblems = 1000;

// The checkpoint of a receipt, or the text itself.
std::string CheckpointIn(const std::string& text) {
  const auto receipt = ParseLastReceipt(text);
  return receipt ? receipt->checkpoint.ToText() : text;
}

class Auditor {
 public:
  Auditor(const AuditOptions& options, const LogFiles& files)
      : options_(options), files_(files), rules_([this](std::string what) { Wrong(std::move(what)); }) {}

  Result<AuditReport> Run() {
    report_.checkpoint = files_.checkpoint();
    CheckEntries();
    if (whole_) CheckTiles();
    CheckSignatures();
    for (const std::string& text : options_.earlier) CheckEarlier(text);
    if (HasStore()) {
      report_.with_store = true;
      const Status status =
          AuditStore(options_.directory, files_, rules_, [this](std::string what) { Wrong(std::move(what)); });
      if (!status) return status.error();
    }
    report_.updates = rules_.sequence();
    for (std::uint64_t s = 1; s <= rules_.sequence(); ++s) report_.unlogged += rules_.Unlogged(s) ? 1 : 0;
    report_.accepted = rules_.accepted;
    report_.exact = rules_.exact;
    report_.erased = rules_.erased;
    report_.verified = rules_.verified;
    return std::move(report_);
  }

 private:
  bool HasStore() const {
    std::error_code ignored;
    return !options_.directory.empty() && std::filesystem::exists(DatabasePath(options_.directory), ignored);
  }

  void Wrong(std::string what) {
    ++report_.problem_count;
    if (report_.problems.size() < kMostProblems) report_.problems.push_back(std::move(what));
  }
  void Wrong(const Error& error) { Wrong(fmt::format("{} ({})", error.message, error.place)); }

  // Reads all entries, and grows the tree that they are.
  void CheckEntries() {
    const Status status = files_.ForEach(0, [&](std::uint64_t index, std::string_view entry) -> Status {
      if (options_.progress && index % 4096 == 0) options_.progress(index, files_.size());
      rules_.Add(index, entry);
      return grower_.Append(LeafHash(entry));
    });
    rules_.Finish();
    if (status) return;
    whole_ = false;
    Wrong(status.error());
  }

  // The files of hashes must be those of the entries, and the checkpoint that of the hashes.
  void CheckTiles() {
    for (const Tile& tile : TilesOf(files_.size(), 0)) {
      ++report_.tiles;
      const Result<std::string> found = files_.ReadTileFile(tile);
      if (!found) {
        Wrong(found.error());
        continue;
      }
      const std::string& right = grower_.changed().at(tile);
      if (*found == right) continue;
      const auto at = std::mismatch(found->begin(), found->end(), right.begin()).first - found->begin();
      Wrong(fmt::format("{}: hash {} is not that of the entries", TilePath(tile, WidthOf(tile, files_.size())),
                        static_cast<std::size_t>(at) / sizeof(Hash)));
    }
    if (RootAt(files_.size()) != files_.checkpoint().root) Wrong("the checkpoint's hash is not that of the entries");
  }

  Hash RootAt(std::uint64_t size) const {
    return *TreeHash(
        size, SubtreesOf([this](const Tile& tile) -> Result<std::string> { return grower_.changed().at(tile); }));
  }

  // The key that the log's own entries make the valid one; and, where an auditor knows one, that it is among those that
  // hand on to it.
  void CheckSignatures() {
    if (files_.checkpoint().origin != rules_.origin()) Wrong("the checkpoint is of another log than the entries");
    const std::vector<NoteKey>& own = rules_.keys();
    std::vector<NoteKey> trusted = own;
    if (!options_.keys.empty()) {
      const auto first = std::find_first_of(own.begin(), own.end(), options_.keys.begin(), options_.keys.end());
      if (first == own.end()) Wrong("none of the keys that were given is a key of this log");
      trusted.assign(first, own.end());
    }
    const auto signers = SignersOf(files_.note(), trusted);
    if (!signers) return Wrong("a signature of the checkpoint is wrong");
    report_.signers = *signers;
    if (trusted.empty() || std::find(signers->begin(), signers->end(), trusted.back()) == signers->end())
      Wrong("the checkpoint is not signed by the log's key");
  }

  void CheckEarlier(const std::string& text) {
    const auto note = ParseNote(CheckpointIn(text));
    const auto checkpoint = note ? ParseCheckpoint(note->text) : std::nullopt;
    if (!checkpoint) return Wrong("an earlier checkpoint is none");
    const auto signers = SignersOf(*note, rules_.all_keys());
    if (!signers || signers->empty())
      return Wrong(
          fmt::format("the earlier checkpoint of {} entries is not signed by the log's key", checkpoint->size));
    if (checkpoint->size > files_.size()) {
      return Wrong(fmt::format("the log was rolled back: an earlier checkpoint has {} entries, and this one {}",
                               checkpoint->size, files_.size()));
    }
    if (!whole_) return;
    if (RootAt(checkpoint->size) != checkpoint->root) {
      return Wrong(fmt::format("the log was rewritten: its first {} entries are not those of an earlier checkpoint",
                               checkpoint->size));
    }
    ++report_.earlier;
  }

  const AuditOptions& options_;
  const LogFiles& files_;
  AuditReport report_;
  EntryRules rules_;
  TileGrower grower_{0, [](const Tile& tile) -> Result<std::string> {
                       return Error{ErrorCode::kStoreDamaged, "a tile was not grown", TilePath(tile, kTileWidth), ""};
                     }};
  bool whole_ = true;  // all entries could be read
};

}  // namespace

Result<AuditReport> AuditLog(const AuditOptions& options) {
  const Result<LogFiles> files = LogFiles::Open(options.directory);
  if (!files) return files.error();
  return AuditLog(*files, options);
}

Result<AuditReport> AuditLog(const LogFiles& files, const AuditOptions& options) {
  return Auditor(options, files).Run();
}

}  // namespace hedgerow::storage
