// The log as files, for everybody to read: DIR/log/checkpoint, DIR/log/tile/... as C2SP's tlog-tiles has them, and
// DIR/log/keys with the public keys. Written from the database, and read by whoever checks it: nothing here asks the
// database, so what is found is what an auditor would find in a copy.
//
// Thread rule: one writer of a directory at a time. Readers may read beside it: the checkpoint is written last.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/result.h"
#include "storage/database.h"
#include "storage/evidence/log_store.h"
#include "storage/evidence/receipt.h"
#include "storage/evidence/signed_note.h"
#include "storage/evidence/tiles.h"

namespace hedgerow::storage {

std::string LogFolder(const std::string& directory);
// Nothing if there is none.
std::optional<std::string> ReadCheckpointFile(const std::string& directory);

// Writes what a log of published.checkpoint.size entries has and one of `from` entries has not, each file durably, and
// then the checkpoint. Files of full tiles that are there are not written again.
Status WriteLogFiles(const std::string& directory, const Database& database, std::uint64_t from,
                     const Published& published, const std::vector<std::string>& keys);

// Where the files of a log are: in a directory, or behind a server.
class LogSource {
 public:
  virtual ~LogSource() = default;
  // For messages.
  virtual const std::string& place() const = 0;
  // The bundle of this number, with `width` entries or more; a tile with `width` hashes or more. What comes is checked
  // by LogFiles.
  virtual Result<std::string> ReadBundle(std::uint64_t index, std::uint64_t width) const = 0;
  virtual Result<std::string> ReadHashes(const Tile& tile, std::uint64_t width) const = 0;
};

// A log in files, as of its checkpoint.
class LogFiles {
 public:
  // `directory` is a store, or what `audit export` made. kStoreUnavailable: there is no log; kStoreDamaged: its
  // checkpoint is none. Signatures and hashes are not checked.
  static Result<LogFiles> Open(const std::string& directory);
  // The same from elsewhere. `keys`: public keys, one a line.
  static Result<LogFiles> From(std::shared_ptr<const LogSource> source, std::string_view checkpoint,
                               std::string_view keys);

  const Checkpoint& checkpoint() const { return checkpoint_; }
  const SignedNote& note() const { return note_; }
  const std::vector<NoteKey>& keys() const { return keys_; }  // as the folder tells them
  std::uint64_t size() const { return checkpoint_.size; }

  // kStoreDamaged names the file that is missing or not as it should be.
  Status ForEach(std::uint64_t first, const VisitEntry& visit) const;
  // As the file has it, with all entries or hashes that belong to this size and no more.
  Result<std::string> ReadBundleFile(std::uint64_t index) const;
  Result<std::string> Entry(std::uint64_t index) const;
  Result<std::string> ReadTileFile(const Tile& tile) const;
  SubtreeHash Subtrees() const;
  Result<Receipt> Prove(std::uint64_t index, const std::optional<Opening>& opening) const;

 private:
  LogFiles() = default;

  std::shared_ptr<const LogSource> source_;
  SignedNote note_;
  Checkpoint checkpoint_;
  std::vector<NoteKey> keys_;
};

}  // namespace hedgerow::storage
