// The log in the database, which is the truth of it: entries, the tiles of what was published, and what has to be known
// to go on (docs/store-format.md, "The log"). The files in DIR/log follow from it (log_files.h).
//
// Thread rule: as Database; a LogState belongs to whoever writes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/result.h"
#include "forest/digest.h"
#include "storage/codec.h"
#include "storage/database.h"
#include "storage/evidence/log_entry.h"
#include "storage/evidence/signed_note.h"
#include "storage/evidence/tiles.h"

namespace hedgerow::storage {

struct LogState {
  std::uint64_t size = 0;         // entries
  std::uint64_t exact = 0;        // updates up to this one have their entries `exact`
  std::string origin;             // the log's name
  std::vector<std::string> keys;  // public ones, as text; the newest last
  std::uint64_t root_at = 0;      // the newest root of the model in the log, and the update as of which it is
  forest::Digest root;
};

// The entries of an update, by their stages. 0: not there, else the index + 1.
struct StagePlaces {
  std::uint64_t accepted = 0, exact = 0, erased = 0;
};

// What was signed last. Without a note: by nobody, as the log has another name since; its tiles are there.
struct Published {
  Checkpoint checkpoint;
  std::string note;
};

// Nothing: the store has no log yet. kStoreDamaged.
Result<std::optional<LogState>> ReadLogState(const Database& database, const std::string& directory);
Result<std::optional<Published>> ReadPublished(const Database& database, const std::string& directory);
Result<std::optional<StagePlaces>> ReadStages(const Database& database, std::uint64_t sequence,
                                              const std::string& directory);
Result<std::string> ReadLogEntry(const Database& database, std::uint64_t index, const std::string& directory);
using VisitEntry = std::function<Status(std::uint64_t index, std::string_view entry)>;
// Entries first, first + 1, ..., end - 1; kStoreDamaged if one is missing.
Status ForEachLogEntry(const Database& database, std::uint64_t first, std::uint64_t end, const std::string& directory,
                       const VisitEntry& visit);
ReadTile TilesIn(const Database& database, const std::string& directory);

// Into a batch. The state goes on with the entry, and has to be put as well.
void AppendLogEntry(const LogEntry& entry, LogState& state, Database::Batch& batch);
void PutLogState(const LogState& state, Database::Batch& batch);
// Its name and keys, which hardly ever change, apart from the rest, which changes with each entry.
void PutLogName(const LogState& state, Database::Batch& batch);
void PutPublished(const Published& published, Database::Batch& batch);
void PutStages(std::uint64_t sequence, const StagePlaces& places, Database::Batch& batch);
void PutTile(const Tile& tile, std::string_view content, Database::Batch& batch);

// What the model is grown with, as text, and its SHA-256: an auditor who is given the text can check it
// (docs/evidence.md).
std::string ParametersText(const ModelHeader& header);
// BLAKE2b-256("hedgerow seed v1" || nonce || u64 seed); the nonce follows from the store's secret.
struct SeedCommitment {
  std::string nonce;  // 32 bytes
  forest::Digest hash;
};
SeedCommitment CommitToSeed(const ModelHeader& header);

// A name that no other log has: `prefix`, a slash, and 32 random hexadecimal digits.
std::string MakeOrigin(const std::string& prefix);

}  // namespace hedgerow::storage
