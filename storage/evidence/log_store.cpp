#include "storage/evidence/log_store.h"

#include <fmt/format.h>
#include <sodium.h>

#include "storage/bytes.h"
#include "storage/description.h"
#include "storage/journal.h"
#include "storage/keys.h"
#include "storage/sealed.h"

namespace hedgerow::storage {
namespace {

// Keys of the family `log`. On disk: never rename.
constexpr std::string_view kStateKey = "state", kNameKey = "name", kPublishedKey = "published";
constexpr char kEntryPrefix = 'E', kStagesPrefix = 'S', kTilePrefix = 'T';
constexpr std::size_t kMaxKeys = 4096;

std::string NumberedKey(char prefix, std::uint64_t number) {
  return prefix + SequenceKey(number);
}

std::string TileKey(const Tile& tile) {
  return std::string{kTilePrefix, static_cast<char>(tile.level)} + SequenceKey(tile.index);
}

Error Damaged(const std::string& directory) {
  return DamagedStore(directory, "the log");
}

template <class T>
Result<std::optional<T>> Read(const Database& database, std::string_view key, const std::string& directory,
                              std::optional<T> (*decode)(std::string_view)) {
  const Error damaged = Damaged(directory);
  const auto body = GetSealed(database, Family::kLog, key, damaged);
  if (!body) return body.error();
  if (!*body) return std::optional<T>();
  auto value = decode(**body);
  if (!value) return damaged;
  return value;
}

std::optional<LogState> DecodeState(std::string_view bytes) {
  Reader reader(bytes);
  LogState state;
  state.size = reader.U64();
  state.exact = reader.U64();
  state.root_at = reader.U64();
  const std::string_view root = reader.Raw(state.root.bytes.size());
  if (!reader.done()) return std::nullopt;
  std::copy(root.begin(), root.end(), state.root.bytes.begin());
  return state;
}

// The rest of a state.
std::optional<LogState> DecodeName(std::string_view bytes) {
  Reader reader(bytes);
  LogState state;
  state.origin = reader.Text();
  const std::uint64_t keys = reader.Count(kMaxKeys);
  for (std::uint64_t i = 0; i < keys && !reader.failed(); ++i) state.keys.emplace_back(reader.Text());
  if (!reader.done() || !ValidKeyName(state.origin) || state.keys.empty()) return std::nullopt;
  for (const std::string& key : state.keys) {
    if (!ParseNoteKey(key)) return std::nullopt;
  }
  return state;
}

std::optional<Published> DecodePublished(std::string_view bytes) {
  Reader reader(bytes);
  const auto checkpoint = ParseCheckpoint(reader.Text());
  Published published;
  published.note = reader.Text();
  if (!reader.done() || !checkpoint) return std::nullopt;
  published.checkpoint = *checkpoint;
  return published;
}

std::optional<StagePlaces> DecodeStages(std::string_view bytes) {
  Reader reader(bytes);
  StagePlaces places;
  places.accepted = reader.Varint();
  places.exact = reader.Varint();
  places.erased = reader.Varint();
  if (!reader.done()) return std::nullopt;
  return places;
}

}  // namespace

Result<std::optional<LogState>> ReadLogState(const Database& database, const std::string& directory) {
  Result<std::optional<LogState>> state = Read<LogState>(database, kStateKey, directory, DecodeState);
  if (!state || !*state) return state;
  Result<std::optional<LogState>> name = Read<LogState>(database, kNameKey, directory, DecodeName);
  if (!name) return name;
  if (!*name) return Damaged(directory);
  (*state)->origin = std::move((*name)->origin);
  (*state)->keys = std::move((*name)->keys);
  return state;
}

Result<std::optional<Published>> ReadPublished(const Database& database, const std::string& directory) {
  return Read<Published>(database, kPublishedKey, directory, DecodePublished);
}

Result<std::optional<StagePlaces>> ReadStages(const Database& database, std::uint64_t sequence,
                                              const std::string& directory) {
  return Read<StagePlaces>(database, NumberedKey(kStagesPrefix, sequence), directory, DecodeStages);
}

Result<std::string> ReadLogEntry(const Database& database, std::uint64_t index, const std::string& directory) {
  const Error damaged = Damaged(directory);
  auto body = GetSealed(database, Family::kLog, NumberedKey(kEntryPrefix, index), damaged);
  if (!body) return body.error();
  if (!*body) return damaged;
  return std::move(**body);
}

Status ForEachLogEntry(const Database& database, std::uint64_t first, std::uint64_t end, const std::string& directory,
                       const VisitEntry& visit) {
  if (first >= end) return {};
  std::uint64_t next = first;
  const Error damaged = Damaged(directory), enough{};
  const Status status = database.ForEachFrom(Family::kLog, NumberedKey(kEntryPrefix, first),
                                             [&](std::string_view key, std::string_view value) -> Status {
                                               const auto body = Unseal(key, value);
                                               if (!body || key != NumberedKey(kEntryPrefix, next)) return damaged;
                                               if (Status visited = visit(next, *body); !visited) return visited;
                                               return ++next == end ? Status(enough) : Status();
                                             });
  if (next == end) return {};
  return status ? Status(damaged) : status;
}

ReadTile TilesIn(const Database& database, const std::string& directory) {
  return [&database, directory](const Tile& tile) -> Result<std::string> {
    const Error damaged = Damaged(directory);
    auto body = GetSealed(database, Family::kLog, TileKey(tile), damaged);
    if (!body) return body.error();
    if (!*body) return damaged;
    return std::move(**body);
  };
}

void AppendLogEntry(const LogEntry& entry, LogState& state, Database::Batch& batch) {
  const std::string bytes = EncodeLogEntry(entry);
  HEDGEROW_CHECK(bytes.size() <= kMaxLogEntryBytes, "an entry of the log is too long");
  PutSealed(Family::kLog, NumberedKey(kEntryPrefix, state.size), bytes, batch);
  ++state.size;
}

void PutLogState(const LogState& state, Database::Batch& batch) {
  Writer writer;
  writer.U64(state.size);
  writer.U64(state.exact);
  writer.U64(state.root_at);
  writer.Raw(state.root.bytes.data(), state.root.bytes.size());
  PutSealed(Family::kLog, kStateKey, writer.bytes(), batch);
}

void PutLogName(const LogState& state, Database::Batch& batch) {
  Writer writer;
  writer.Text(state.origin);
  writer.Varint(state.keys.size());
  for (const std::string& key : state.keys) writer.Text(key);
  PutSealed(Family::kLog, kNameKey, writer.bytes(), batch);
}

void PutPublished(const Published& published, Database::Batch& batch) {
  Writer writer;
  writer.Text(published.checkpoint.ToText());
  writer.Text(published.note);
  PutSealed(Family::kLog, kPublishedKey, writer.bytes(), batch);
}

void PutStages(std::uint64_t sequence, const StagePlaces& places, Database::Batch& batch) {
  Writer writer;
  writer.Varint(places.accepted);
  writer.Varint(places.exact);
  writer.Varint(places.erased);
  PutSealed(Family::kLog, NumberedKey(kStagesPrefix, sequence), writer.bytes(), batch);
}

void PutTile(const Tile& tile, std::string_view content, Database::Batch& batch) {
  PutSealed(Family::kLog, TileKey(tile), content, batch);
}

std::string ParametersText(const ModelHeader& header) {
  const forest::Parameters& p = header.parameters;
  return fmt::format(
      "hedgerow parameters v1\ntrees {}\noccupancy {}\nmax_depth {}\nmin_split {}\nmin_leaf {}\nmax_features {}\n"
      "thresholds {}\nsmoothing {}\nschema\n{}",
      p.trees, p.occupancy, p.max_depth, p.min_split, p.min_leaf, p.max_features, p.thresholds, p.smoothing,
      datasets::ToJson(header.schema));
}

SeedCommitment CommitToSeed(const ModelHeader& header) {
  constexpr std::string_view kDomain = "hedgerow seed v1";
  SeedCommitment commitment{Authenticate(header.secret, kDomain), {}};
  forest::DigestBuilder builder;
  builder.Raw(kDomain.data(), kDomain.size());
  builder.Raw(commitment.nonce.data(), commitment.nonce.size());
  builder.U64(header.parameters.seed);
  commitment.hash = builder.Finish();
  return commitment;
}

std::string MakeOrigin(const std::string& prefix) {
  static const int initialised = sodium_init();
  HEDGEROW_CHECK(initialised >= 0, "libsodium cannot start");
  std::string random(16, '\0');
  randombytes_buf(random.data(), random.size());
  return fmt::format("{}/{}", prefix, ToHex(random));
}

}  // namespace hedgerow::storage
