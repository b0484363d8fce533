// How a store's log is signed and shown, and entries that tell of no update (store.h, evidence/log_store.h).
//
// Hashing, signing and files come after the updates and beside them. A checkpoint is signed over what is in the
// database, and leaves this process when that is on the disk: so a power failure cannot make the log go another way
// than what somebody has seen.
#include <fmt/format.h>

#include "storage/bytes.h"
#include "storage/evidence/log_files.h"
#include "storage/evidence/log_keys.h"
#include "storage/store_impl.h"

namespace hedgerow::storage {
// Signs the log as far as it has come, and writes its files.
Status Store::Impl::Publish() {
  const std::lock_guard one(publishing);
  if (Status status = LogExact(); !status) return status;
  LogState now;
  {
    const auto lock = updates.After();
    now = log;
  }
  if (now.size == 0) return {};  // a store that is not made yet
  if (published.checkpoint.size != now.size || published.note.empty() || resign) {
    if (Status status = Sign(now); !status) return status;
  }
  if (files_through == published.checkpoint.size) return {};
  if (Status status = WriteLogFiles(directory, *database, files_through, published, now.keys); !status) return status;
  files_through = published.checkpoint.size;
  return {};
}

Status Store::Impl::Sign(const LogState& now) {
  const Result<std::vector<NoteSigner>> signers = LoadSigners(LogKeyPath(directory, log_key), now.keys.back());
  if (!signers) return signers.error();
  const ReadTile kept = TilesIn(*database, directory);
  TileGrower grower(published.checkpoint.size, kept);
  Status grown = ForEachLogEntry(*database, grower.size(), now.size, directory,
                                 [&](std::uint64_t, std::string_view entry) { return grower.Append(LeafHash(entry)); });
  if (!grown) return grown;
  const Result<Hash> root = TreeHash(now.size, SubtreesOf([&](const Tile& tile) -> Result<std::string> {
                                       const auto changed = grower.changed().find(tile);
                                       if (changed != grower.changed().end()) return changed->second;
                                       return kept(tile);
                                     }));
  if (!root) return root.error();
  Published next{{now.origin, now.size, *root}, ""};
  SignedNote note{next.checkpoint.ToText(), {}};
  for (const NoteSigner& signer : *signers) SignNote(signer, note);
  next.note = note.ToText();
  Database::Batch batch(*database);
  for (const auto& [tile, content] : grower.changed()) PutTile(tile, content, batch);
  PutPublished(next, batch);
  // Only when all that it speaks of is on the disk, the checkpoint may be seen.
  if (Status status = database->Write(batch, /*sync=*/true); !status) return status;
  if (files_through == next.checkpoint.size) files_through = 0;  // the same tree under other signatures
  published = std::move(next);
  resign = false;
  return {};
}

// Entries that tell of no update. They are on the disk on return.
Status Store::Impl::AppendAlone(const LogEntry& entry, const std::function<void(LogState&)>& change) {
  const auto lock = updates.After();
  if (Status status = Usable(); !status) return status;
  Database::Batch batch(*database);
  LogState next = log;
  AppendLogEntry(entry, next, batch);
  if (change) {
    change(next);
    PutLogName(next, batch);
  }
  PutLogState(next, batch);
  if (Status status = database->Write(batch, /*sync=*/true); !status) return status;
  log = std::move(next);
  return {};
}

Status Store::PublishLog() {
  if (impl_->closed) return *impl_->closed;
  return impl_->Publish();
}

Result<std::optional<StagePlaces>> Store::LogPlaces(std::uint64_t sequence) const {
  return ReadStages(*impl_->database, sequence, impl_->directory);
}

Result<std::string> Store::RotateLogKey() {
  if (impl_->closed) return *impl_->closed;
  const std::string path = LogKeyPath(impl_->directory, impl_->log_key);
  const std::lock_guard one(impl_->publishing);
  LogState now;
  {
    const auto lock = impl_->updates.After();
    now = impl_->log;
  }
  const Result<std::vector<NoteSigner>> signers = LoadSigners(path, now.keys.back());
  if (!signers) return signers.error();
  const Result<NoteSigner> next = PrepareRotation(path, now.origin);
  if (!next) return next.error();
  const std::string key = next->key().ToText();
  LogEntry entry{LogEntryType::kKey, {}};
  entry.SetTime(NowUs()).Set("key", key).Set("replaces", now.keys.back());
  entry.Set("signed-by-old", std::string(64, '\0')).Set("signed-by-new", std::string(64, '\0'));
  // Both keys sign the lines before the signatures: that one hands over, and that the other is there.
  for (auto& [name, value] : entry.fields) {
    if (name.starts_with("signed-by")) value = ToBase64(value);
  }
  const std::string text(LinesBefore(EncodeLogEntry(entry), "signed-by-old"));
  entry.Set("signed-by-old", ToBase64(signers->front().Sign(text))).Set("signed-by-new", ToBase64(next->Sign(text)));
  const Status appended = impl_->AppendAlone(entry, [&](LogState& state) { state.keys.push_back(key); });
  if (!appended) return appended.error();
  if (Status status = FinishRotation(path); !status) return status.error();
  impl_->resign = true;
  return key;
}

}  // namespace hedgerow::storage
