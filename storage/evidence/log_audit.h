// Checking a whole log, from its files alone, and against the store that it tells of.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "datasets/result.h"
#include "storage/evidence/log_files.h"
#include "storage/evidence/signed_note.h"

namespace hedgerow::storage {

struct AuditOptions {
  std::string directory;             // a store, or an export
  std::vector<NoteKey> keys;         // that are trusted; none: the one that the log's first entry names
  std::vector<std::string> earlier;  // checkpoints or receipts that were kept elsewhere, as text
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct AuditReport {
  // What is wrong, a line each; the first thousand. Empty: nothing.
  std::vector<std::string> problems;
  std::uint64_t problem_count = 0;
  Checkpoint checkpoint;
  std::uint64_t updates = 0, accepted = 0, exact = 0, erased = 0, verified = 0;  // entries; of updates, the last number
  std::uint64_t tiles = 0;
  std::vector<NoteKey> signers;  // of the checkpoint, that are trusted
  std::uint64_t earlier = 0;     // checkpoints that the log continues
  bool with_store = false;       // compared with the store's records and journal
  std::uint64_t unlogged = 0;    // updates that the log says it does not tell of
  bool ok() const { return problem_count == 0; }
};

// Errors are for what cannot be read at all; what is wrong is in the report.
Result<AuditReport> AuditLog(const AuditOptions& options);
// The same of a log that is elsewhere, if options.directory is empty: then of the log alone.
Result<AuditReport> AuditLog(const LogFiles& files, const AuditOptions& options);

// What the entries tell, gathered in their order: the rules between them.
class EntryRules {
 public:
  using Problem = std::function<void(std::string)>;
  explicit EntryRules(Problem problem) : problem_(std::move(problem)) {}

  void Add(std::uint64_t index, std::string_view bytes);
  void Finish();

  struct Update {
    std::uint64_t index = 0, exact = 0, erased = 0;  // exact, erased: index + 1
    std::string kind, ground;
    std::uint64_t records = 0;
    Hash constants{};  // of what its later entries must repeat
  };
  const std::map<std::uint64_t, Update>& updates() const { return updates_; }
  // The keys that the log's entries hand on, from the first one: the newest last.
  const std::vector<NoteKey>& keys() const { return keys_; }
  // These, and those of the logs that this one goes on from.
  const std::vector<NoteKey>& all_keys() const { return all_keys_; }
  const std::string& origin() const { return origin_; }
  // Whether the log says that it does not tell of this update.
  bool Unlogged(std::uint64_t sequence) const;
  // Records that the store must have after all that is told; nothing if a restore leaves it open.
  std::optional<std::uint64_t> records() const { return records_; }
  std::uint64_t sequence() const { return sequence_; }
  const std::string& parameters() const { return parameters_; }
  const std::string& seed() const { return seed_; }
  std::uint64_t accepted = 0, exact = 0, erased = 0, verified = 0;

 private:
  void AddStart(std::uint64_t index, const LogEntry& entry);
  void AddUpdate(std::uint64_t index, const LogEntry& entry);
  void AddAccepted(std::uint64_t index, const LogEntry& entry);
  void AddLater(std::uint64_t index, const LogEntry& entry);
  void AddVerified(std::uint64_t index, const LogEntry& entry);
  void AddKey(std::uint64_t index, const LogEntry& entry, std::string_view bytes);
  void AddRestored(std::uint64_t index, const LogEntry& entry);
  void CheckModel(std::uint64_t index, const LogEntry& entry);
  void NoteRoot(std::uint64_t index, std::uint64_t at, std::string_view root);
  void Wrong(std::uint64_t index, const std::string& what);

  Problem problem_;
  std::map<std::uint64_t, Update> updates_;
  std::vector<NoteKey> keys_, all_keys_;
  std::string origin_, parameters_, seed_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> unlogged_;  // from, through
  std::map<std::uint64_t, std::string> roots_;                     // by the update as of which they are; the last ones
  std::optional<std::uint64_t> records_;
  std::uint64_t sequence_ = 0;
  bool started_ = false;
};

// The database's side, in log_audit_store.cpp: entries, journal and records of a store must be what the log tells.
Status AuditStore(const std::string& directory, const LogFiles& files, const EntryRules& rules,
                  const EntryRules::Problem& problem);

}  // namespace hedgerow::storage
