// A store's log where it begins, where it is found again, and where it goes on as the log of another store
// (evidence/log_store.h).
#include <filesystem>

#include "storage/bytes.h"
#include "storage/evidence/log_files.h"
#include "storage/evidence/log_keys.h"
#include "storage/store_impl.h"

namespace hedgerow::storage {

// What each entry tells of the model as a whole.
void Store::Impl::DescribeModel() {
  const ModelHeader header{model.forest().parameters(), model.forest().schema(), secret};
  parameters_hash = ToHex(BytesOf(Sha256(ParametersText(header))));
  seed_commitment = CommitToSeed(header).hash.ToHex();
}

// The first entry. Updates that were made before are not in the log.
Status Store::Impl::StartLog(const LogOptions& options, Database::Batch& batch) {
  if (!ValidKeyName(options.name) || options.name.size() > 100) {
    return Error{ErrorCode::kUsage, "this cannot be the name of a log", options.name,
                 "use at most 100 printable ASCII characters without blanks and '+', such as example.com/shop"};
  }
  log = {};
  log.origin = MakeOrigin(options.name);
  log_key = options.key;
  const Result<NoteSigner> signer = MakeLogKey(LogKeyPath(directory, log_key), log.origin);
  if (!signer) return signer.error();
  log.keys = {signer->key().ToText()};
  log.exact = log.root_at = counters.sequence;
  log.root = Root();
  LogEntry entry{LogEntryType::kStart, {}};
  entry.SetTime(NowUs()).Set("origin", log.origin).Set("key", log.keys.back()).Set("sequence", counters.sequence);
  entry.Set("records", counters.records).Set("parameters", parameters_hash).Set("seed", seed_commitment);
  entry.Set("root", log.root.ToHex());
  AppendLogEntry(entry, log, batch);
  PutLogState(log, batch);
  PutLogName(log, batch);
  return {};
}

// A checkpoint that this log's key has signed, and that the database does not know, was given away by a database that
// is not here any more: somebody has put back an older one, and with it what was erased since.
Status Store::Impl::CheckNotRolledBack() {
  const auto text = ReadCheckpointFile(directory);
  if (!text) return {};
  files_through = *text == published.note ? published.checkpoint.size : 0;
  if (files_through != 0) return {};
  const auto note = ParseNote(*text);
  const auto checkpoint = note ? ParseCheckpoint(note->text) : std::nullopt;
  if (!checkpoint || checkpoint->origin != log.origin) return {};  // not ours: it is written anew
  std::vector<NoteKey> keys;
  for (const std::string& key : log.keys) keys.push_back(*ParseNoteKey(key));
  const auto signers = SignersOf(*note, keys);
  if (!signers || signers->empty()) return {};
  const std::uint64_t size = checkpoint->size;
  bool same = size <= published.checkpoint.size;
  if (same) {
    const Result<Hash> root = TreeHash(size, SubtreesOf(TilesIn(*database, directory)));
    if (!root) return root.error();
    same = *root == checkpoint->root;
  }
  if (!same) {
    return Error{ErrorCode::kStoreDamaged,
                 "the database is older than the log's checkpoint: what was erased since may be back", directory,
                 "make a store of a backup with 'hedgerow restore'"};
  }
  files_through = size;
  return {};
}

Status Store::Impl::OpenLog(bool restoring) {
  DescribeModel();
  const Result<std::optional<LogState>> state = ReadLogState(*database, directory);
  if (!state) return state.error();
  if (!*state) {
    if (reading) return DamagedStore(directory, "the log");
    // A store of version 2: its log begins now. A key may be there from an attempt that was interrupted; nothing was
    // signed with it.
    std::error_code ignored;
    if (log_key.empty() && !ReadCheckpointFile(directory)) std::filesystem::remove(LogKeyPath(directory, ""), ignored);
    Database::Batch batch(*database);
    if (Status status = StartLog({.name = LogOptions().name, .key = log_key}, batch); !status) return status;
    return database->Write(batch, /*sync=*/true);
  }
  log = **state;
  Result<std::optional<Published>> last = ReadPublished(*database, directory);
  if (!last) return last.error();
  if (*last) published = std::move(**last);
  if (published.checkpoint.size > log.size || log.exact > counters.sequence) return DamagedStore(directory, "the log");
  if (restoring) return {};
  if (Status status = CheckNotRolledBack(); !status) return status;
  for (std::uint64_t sequence = log.exact + 1; sequence <= counters.sequence; ++sequence)
    inexact.push_back({sequence, std::nullopt});
  return {};
}

// The log goes on under another name and key: it has the entries of the old one, and this tells so.
Status Store::LogRestored(const Restoration& from) {
  Impl& impl = *impl_;
  const LogOptions options;
  const std::string origin = MakeOrigin(options.name);
  const Result<NoteSigner> signer = MakeLogKey(LogKeyPath(impl.directory, ""), origin);
  if (!signer) return signer.error();
  LogEntry entry{LogEntryType::kRestored, {}};
  entry.SetTime(NowUs()).Set("origin", origin).Set("key", signer->key().ToText());
  entry.Set("from-origin", from.from_origin).Set("from-size", from.from_size);
  entry.Set("from-hash", ToHex(BytesOf(from.from_hash))).Set("erasures", from.erasures);
  entry.Set("backup-sequence", from.backup_sequence).Set("logged-sequence", from.logged_sequence);
  entry.Set("sequence", impl.counters.sequence).Set("records", impl.counters.records);
  const forest::Digest root = impl.Root();
  entry.Set("root", root.ToHex());
  {
    const std::lock_guard one(impl.publishing);
    impl.resign = true;
    impl.files_through = 0;
  }
  return impl.AppendAlone(entry, [&](LogState& state) {
    state.origin = origin;
    state.keys = {signer->key().ToText()};
    state.exact = state.root_at = impl.counters.sequence;
    state.root = root;
  });
}

}  // namespace hedgerow::storage
