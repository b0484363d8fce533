// A log against the database of its store (log_audit.h): entries, journal, records.
#include <fmt/format.h>

#include <unordered_map>

#include "storage/bytes.h"
#include "storage/description.h"
#include "storage/evidence/log_audit.h"
#include "storage/evidence/log_store.h"
#include "storage/journal.h"

namespace hedgerow::storage {
namespace {

class StoreAuditor {
 public:
  StoreAuditor(const std::string& directory, const LogFiles& files, const EntryRules& rules,
               const EntryRules::Problem& problem)
      : directory_(directory), files_(files), rules_(rules), problem_(problem) {}

  Status Run() {
    Result<std::unique_ptr<Database>> database = OpenForReading(directory_);
    if (!database) return database.error();
    database_ = std::move(*database);
    Result<Description> description = Describe(*database_, directory_);
    if (!description) return description.error();
    description_ = std::move(*description);
    const Result<std::optional<LogState>> state = ReadLogState(*database_, directory_);
    if (!state) return state.error();
    if (!*state) return DamagedStore(directory_, "the log");
    state_ = **state;
    CheckModel();
    if (Status status = CheckEntries(); !status) return status;
    if (Status status = CheckJournal(); !status) return status;
    return CheckRecords();
  }

 private:
  void CheckModel() {
    if (state_.origin != files_.checkpoint().origin) problem_("the files are of another log than the store's");
    if (ToHex(BytesOf(Sha256(ParametersText(description_.header)))) != rules_.parameters())
      problem_("the store's parameters or schema are not those that the log began with");
    if (CommitToSeed(description_.header).hash.ToHex() != rules_.seed())
      problem_("the store's seed is not the one that the log began with");
    if (rules_.sequence() > description_.counters.sequence) {
      problem_(fmt::format("the store was rolled back: the log tells of update {}, and the store has made {}",
                           rules_.sequence(), description_.counters.sequence));
    }
  }

  // Bundle by bundle, what the files hold against what the database holds.
  Status CheckEntries() {
    if (state_.size < files_.size()) {
      problem_(fmt::format("the store was rolled back: its database has {} entries of the log, and the files {}",
                           state_.size, files_.size()));
    }
    const std::uint64_t end = std::min(state_.size, files_.size());
    std::vector<std::string> bundle;
    std::uint64_t differing = 0;
    const auto compare = [&](std::uint64_t first) {
      return ForEachLogEntry(*database_, first, std::min(end, first + bundle.size()), directory_,
                             [&](std::uint64_t index, std::string_view entry) -> Status {
                               if (bundle[index - first] == entry || ++differing > 10) return {};
                               problem_(fmt::format("entry {}: the files have another one than the database", index));
                               return {};
                             });
    };
    const Status read = files_.ForEach(0, [&](std::uint64_t index, std::string_view entry) -> Status {
      bundle.emplace_back(entry);
      if (bundle.size() < kTileWidth && index + 1 < files_.size()) return {};
      const std::uint64_t first = index + 1 - bundle.size();
      Status status = first < end ? compare(first) : Status();
      bundle.clear();
      return status;
    });
    // A missing file was told already; a damaged database was not.
    if (!read && read.error().place == directory_) problem_(read.error().message + " in the database");
    return {};
  }

  // The journal and the log must tell of the same updates.
  Status CheckJournal() {
    const bool all_published = state_.size == files_.size();
    return database_->ForEach(Family::kJournal, "", [&](std::string_view key, std::string_view value) -> Status {
      const auto body = Unseal(key, value);
      const auto entry = body ? DecodeEntry(*body) : std::nullopt;
      const auto sequence = SequenceOf(key);
      if (!entry || !sequence) return DamagedStore(directory_, "the journal");
      for (const std::string& record : entry->erased) left_[record] = {*sequence, entry->kind};
      const auto found = rules_.updates().find(*sequence);
      if (found == rules_.updates().end()) {
        Later(*sequence, *entry, all_published);
        return {};
      }
      const EntryRules::Update& told = found->second;
      if (told.kind != NameOf(entry->kind) || told.records != entry->records || told.ground != LogNameOf(entry->ground))
        problem_(fmt::format("entry {}: the journal tells of update {} otherwise", told.index, *sequence));
      const bool erased = *sequence <= description_.progress.erased && !entry->erased.empty();
      if (erased && told.erased == 0 && all_published)
        problem_(fmt::format("update {} is erased, and the log does not tell so", *sequence));
      return {};
    });
  }

  // An update that the files do not tell of: they may be a little behind.
  void Later(std::uint64_t sequence, const JournalEntry& entry, bool all_published) {
    if (rules_.Unlogged(sequence)) return;
    if (sequence <= rules_.sequence() || all_published)
      problem_(fmt::format("update {} is in the journal, and not in the log", sequence));
    if (entry.kind == UpdateKind::kLearn) later_learned_ += entry.records;
    if (entry.kind == UpdateKind::kForget) later_forgotten_ += entry.records;
  }

  // No record is there that was erased, and none is missing that never was.
  Status CheckRecords() {
    std::uint64_t there = 0, back = 0;
    const std::size_t width = description_.header.schema.features.size();
    const std::size_t classes = description_.header.schema.classes.size();
    const Status status =
        database_->ForEach(Family::kRecords, "", [&](std::string_view key, std::string_view value) -> Status {
          ++there;
          const auto body = Unseal(key, value);
          const auto row = body ? DecodeRecord(*body, width, classes) : std::nullopt;
          if (!row) return DamagedStore(directory_, "a record");
          const auto left = left_.find(std::string(key));
          if (left == left_.end()) return {};
          // It may have come again since; a corrected one comes with the same update.
          const auto& [sequence, kind] = left->second;
          if (row->born < sequence || (row->born == sequence && kind != UpdateKind::kCorrect)) ++back;
          return {};
        });
    if (!status) return status;
    if (back != 0) problem_(fmt::format("{} erased record(s) are in the store", back));
    if (there != description_.counters.records) {
      problem_(fmt::format("the store has {} records, and should have {}", there, description_.counters.records));
    }
    if (!rules_.records()) return {};
    const std::uint64_t expected = *rules_.records() + later_learned_ - later_forgotten_;
    if (there != expected)
      problem_(fmt::format("the store has {} records, and by the log it should have {}", there, expected));
    return {};
  }

  const std::string& directory_;
  const LogFiles& files_;
  const EntryRules& rules_;
  const EntryRules::Problem& problem_;
  std::unique_ptr<Database> database_;
  Description description_;
  LogState state_;
  std::unordered_map<std::string, std::pair<std::uint64_t, UpdateKind>> left_;  // by the record's key, the last time
  std::uint64_t later_learned_ = 0, later_forgotten_ = 0;
};

}  // namespace

Status AuditStore(const std::string& directory, const LogFiles& files, const EntryRules& rules,
                  const EntryRules::Problem& problem) {
  return StoreAuditor(directory, files, rules, problem).Run();
}

}  // namespace hedgerow::storage
