// The rules between the entries of a log (log_audit.h).
#include <fmt/format.h>

#include "storage/bytes.h"
#include "storage/evidence/log_audit.h"

namespace hedgerow::storage {
namespace {

// Roots of the model that are remembered, to see that no two are told of the same update.
constexpr std::size_t kRoots = 100'000;

// What all entries of one update must agree on.
Hash ConstantsOf(const LogEntry& entry) {
  std::string text;
  for (const char* name : {"request", "kind", "ground", "role", "records", "sequence", "subjects"})
    text.append(entry.Get(name)).push_back('\n');
  return Sha256(text);
}

}  // namespace

void EntryRules::Wrong(std::uint64_t index, const std::string& what) {
  problem_(fmt::format("entry {}: {}", index, what));
}

void EntryRules::Add(std::uint64_t index, std::string_view bytes) {
  const auto entry = DecodeLogEntry(bytes);
  if (!entry) return Wrong(index, "it is none that the format knows");
  if (!started_ && entry->type != LogEntryType::kStart) Wrong(index, "the log does not begin with a start");
  switch (entry->type) {
    case LogEntryType::kStart:
      return AddStart(index, *entry);
    case LogEntryType::kUpdate:
      return AddUpdate(index, *entry);
    case LogEntryType::kVerified:
      return AddVerified(index, *entry);
    case LogEntryType::kKey:
      return AddKey(index, *entry, bytes);
    case LogEntryType::kRestored:
      return AddRestored(index, *entry);
  }
}

void EntryRules::AddStart(std::uint64_t index, const LogEntry& entry) {
  if (started_) return Wrong(index, "a second start");
  started_ = true;
  origin_ = entry.Get("origin");
  keys_ = all_keys_ = {*ParseNoteKey(entry.Get("key"))};
  parameters_ = entry.Get("parameters");
  seed_ = entry.Get("seed");
  records_ = entry.Number("records");
  sequence_ = entry.Number("sequence");
  unlogged_.emplace_back(0, sequence_);
  if (keys_.back().name != origin_) Wrong(index, "the key has another name than the log");
  NoteRoot(index, sequence_, entry.Get("root"));
}

void EntryRules::AddUpdate(std::uint64_t index, const LogEntry& entry) {
  const std::string_view stage = entry.Get("stage");
  if (stage == "unlearned") return AddAccepted(index, entry);
  if (stage == "exact" || stage == "erased") return AddLater(index, entry);
  Wrong(index, "an unknown stage");
}

void EntryRules::AddAccepted(std::uint64_t index, const LogEntry& entry) {
  const std::uint64_t sequence = entry.Number("sequence");
  if (sequence != sequence_ + 1) {
    Wrong(index, fmt::format("update {} follows update {}", sequence, sequence_));
  }
  sequence_ = sequence;
  ++accepted;
  Update update{index,
                0,
                0,
                std::string(entry.Get("kind")),
                std::string(entry.Get("ground")),
                entry.Number("records"),
                ConstantsOf(entry)};
  if (update.kind != "forget" && update.kind != "learn" && update.kind != "correct") Wrong(index, "an unknown kind");
  if ((update.kind == "learn") == entry.Has("subjects")) Wrong(index, "the commitment to whom it names is missing");
  if (records_ && update.kind == "learn") *records_ += update.records;
  if (records_ && update.kind == "forget") {
    if (*records_ < update.records) Wrong(index, "more records are forgotten than there were");
    *records_ -= std::min(*records_, update.records);
  }
  if (!updates_.emplace(sequence, std::move(update)).second) Wrong(index, "the update is told twice");
}

void EntryRules::AddLater(std::uint64_t index, const LogEntry& entry) {
  const bool is_erased = entry.Get("stage") == "erased";
  ++(is_erased ? erased : exact);
  const std::uint64_t sequence = entry.Number("sequence");
  const auto found = updates_.find(sequence);
  if (found == updates_.end()) return Wrong(index, fmt::format("update {} was not told before", sequence));
  Update& update = found->second;
  if (entry.Number("accepted") != update.index || !entry.Has("accepted"))
    Wrong(index, fmt::format("it does not name entry {}, where the update was told first", update.index));
  if (ConstantsOf(entry) != update.constants)
    Wrong(index, fmt::format("it tells of the update otherwise than entry {}", update.index));
  std::uint64_t& place = is_erased ? update.erased : update.exact;
  if (place != 0) Wrong(index, fmt::format("entry {} has told the same", place - 1));
  place = index + 1;
  if (is_erased && update.kind == "learn") Wrong(index, "what was learned is told to be erased");
  if (!entry.Has("root-after")) {
    if (!is_erased) Wrong(index, "the root after the update is missing");
    return;
  }
  CheckModel(index, entry);
  const std::uint64_t before = entry.Number("root-before-at"), after = entry.Number("root-after-at");
  if (before >= sequence || after < sequence) Wrong(index, "its roots are not of before and after the update");
  NoteRoot(index, before, entry.Get("root-before"));
  NoteRoot(index, after, entry.Get("root-after"));
}

void EntryRules::AddVerified(std::uint64_t index, const LogEntry& entry) {
  ++verified;
  CheckModel(index, entry);
  if (entry.Get("result") != "equal") Wrong(index, "a verification has failed");
  if (entry.Get("result") == "equal" && entry.Get("root") != entry.Get("regrown-root"))
    Wrong(index, "a verification says equal, and its roots differ");
  NoteRoot(index, entry.Number("sequence"), entry.Get("root"));
}

void EntryRules::AddKey(std::uint64_t index, const LogEntry& entry, std::string_view bytes) {
  const auto key = ParseNoteKey(entry.Get("key")), replaced = ParseNoteKey(entry.Get("replaces"));
  const std::string_view text = LinesBefore(bytes, "signed-by-old");
  if (keys_.empty() || *replaced != keys_.back()) Wrong(index, "it does not replace the key that was valid");
  if (!VerifySignature(*replaced, text, *FromBase64(entry.Get("signed-by-old"))))
    Wrong(index, "the old key has not signed it");
  if (!VerifySignature(*key, text, *FromBase64(entry.Get("signed-by-new"))))
    Wrong(index, "the new key has not signed it");
  if (key->name != origin_) Wrong(index, "the key has another name than the log");
  keys_.push_back(*key);
  all_keys_.push_back(*key);
}

void EntryRules::AddRestored(std::uint64_t index, const LogEntry& entry) {
  if (entry.Get("from-origin") != origin_) Wrong(index, "it goes on from a log that is not this one");
  if (entry.Number("from-size") > index) Wrong(index, "it goes on from more entries than there are");
  origin_ = entry.Get("origin");
  keys_ = {*ParseNoteKey(entry.Get("key"))};
  all_keys_.push_back(keys_.back());
  const std::uint64_t logged = entry.Number("logged-sequence"), through = entry.Number("sequence");
  if (logged < sequence_ || through < logged) Wrong(index, "its updates are not those of the log before");
  unlogged_.emplace_back(sequence_, through);
  sequence_ = through;
  // What was learned after the backup is not there any more.
  records_ = entry.Number("records");
  roots_.clear();
  NoteRoot(index, sequence_, entry.Get("root"));
}

void EntryRules::CheckModel(std::uint64_t index, const LogEntry& entry) {
  if (entry.Get("parameters") != parameters_ || entry.Get("seed") != seed_)
    Wrong(index, "parameters or seed are not those that the log began with");
}

void EntryRules::NoteRoot(std::uint64_t index, std::uint64_t at, std::string_view root) {
  const auto [found, fresh] = roots_.emplace(at, root);
  if (!fresh && found->second != root) Wrong(index, fmt::format("another root as of update {} was told before", at));
  if (roots_.size() > kRoots) roots_.erase(roots_.begin());
}

bool EntryRules::Unlogged(std::uint64_t sequence) const {
  for (const auto& [from, through] : unlogged_) {
    if (sequence > from && sequence <= through) return true;
  }
  return false;
}

void EntryRules::Finish() {
  if (!started_) problem_("the log has no start");
}

}  // namespace hedgerow::storage
