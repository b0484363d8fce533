// What a store writes into its log, and how it is signed and shown (store.h, evidence/log_store.h).
//
// An entry is written in the batch of what it tells of, so that one is there if and only if the other is. Hashing,
// signing and files come later, in Publish, beside updates. A checkpoint is signed over what is in the database, and
// leaves this process when that is on the disk: so a power failure cannot make the log go another way than what
// somebody has seen.
#include <fmt/format.h>

#include <algorithm>

#include "storage/bytes.h"
#include "storage/evidence/log_files.h"
#include "storage/evidence/log_keys.h"
#include "storage/sealed.h"
#include "storage/store_impl.h"
#include "unlearn/robustness.h"

namespace hedgerow::storage {
namespace {

// Entries that are written while updates wait.
constexpr std::size_t kEntriesAtATime = 64;
// Updates without an entry `exact`, where there is no upkeep thread that would see to it.
constexpr std::size_t kMostInexact = 4096;

constexpr std::string_view kKinds[] = {"", "forget", "learn", "correct"};
constexpr std::string_view kGrounds[] = {"none",      "art17-1-a", "art17-1-b", "art17-1-c",
                                         "art17-1-d", "art17-1-e", "art17-1-f"};
constexpr std::string_view kRoles[] = {"none",       "data-subject", "representative",
                                       "controller", "processor",    "authority"};

std::string WorkText(const unlearn::Effect& e) {
  return fmt::format("trees {} nodes {} flips {} flipped-records {} redraws {} collapses {} regrowths {}", e.trees,
                     e.nodes, e.flips, e.flipped_records, e.redraws, e.collapses, e.regrowths);
}

std::string Numbers(const std::vector<std::uint64_t>& numbers) {
  std::string text = numbers.empty() ? "none" : "";
  for (const std::uint64_t number : numbers) text += fmt::format("{}{}", text.empty() ? "" : " ", number);
  return text;
}

}  // namespace

std::string_view NameOf(Role role) {
  return kRoles[static_cast<std::size_t>(role)];
}

std::optional<Role> RoleOf(std::string_view name) {
  const auto found = std::find(std::begin(kRoles), std::end(kRoles), name);
  if (found == std::end(kRoles)) return std::nullopt;
  return static_cast<Role>(found - std::begin(kRoles));
}

std::string_view NameOf(UpdateKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::string_view LogNameOf(Ground ground) {
  return kGrounds[static_cast<std::size_t>(ground)];
}

// The update has happened: the first entry that tells of it.
void Store::Impl::LogAccepted(Update& update) const {
  LogEntry entry{LogEntryType::kUpdate, {}};
  entry.Set("stage", std::string(NameOf(Stage::kUnlearned))).SetTime(update.entry.time_us);
  entry.Set("request", LogRequestName(update.request_id, update.entry.request_key));
  entry.Set("kind", std::string(NameOf(update.entry.kind))).Set("ground", std::string(LogNameOf(update.entry.ground)));
  entry.Set("role", std::string(NameOf(update.role))).Set("records", update.entry.records);
  entry.Set("sequence", update.counters.sequence);
  if (update.subjects) entry.Set("subjects", ToHex(BytesOf(*update.subjects)));
  PutStages(update.counters.sequence, {.accepted = update.log.size + 1}, update.batch);
  AppendLogEntry(entry, update.log, update.batch);
  PutLogState(update.log, update.batch);
}

void Store::Impl::NoteRoot(const forest::Digest& root) {
  if (roots.empty() || roots.back().first != counters.sequence) roots.emplace_back(counters.sequence, root);
}

// A later stage of an update: its first entry, and what is to be told more. Nothing if it is not in this log, since it
// is of a time before the log, or was told already.
Result<std::optional<LogEntry>> Store::Impl::NextStage(std::uint64_t sequence, Stage stage, StagePlaces& places) const {
  const Result<std::optional<StagePlaces>> found = ReadStages(*database, sequence, directory);
  if (!found) return found.error();
  if (!*found || (*found)->accepted == 0) return std::optional<LogEntry>();
  places = **found;
  const bool last = stage == Stage::kErased;
  if ((last ? places.erased : places.exact) != 0) return std::optional<LogEntry>();
  // What is erased tells all that was told of exactness.
  const std::uint64_t from = last && places.exact != 0 ? places.exact : places.accepted;
  const Result<std::string> bytes = ReadLogEntry(*database, from - 1, directory);
  if (!bytes) return bytes.error();
  std::optional<LogEntry> entry = DecodeLogEntry(*bytes);
  if (!entry || entry->type != LogEntryType::kUpdate || entry->Number("sequence") != sequence)
    return DamagedStore(directory, "the log");
  entry->Set("stage", std::string(NameOf(stage))).SetTime(NowUs()).Set("accepted", places.accepted - 1);
  return entry;
}

Status Store::Impl::AppendExact(const Inexact& update, LogState& next, Database::Batch& batch) const {
  StagePlaces places;
  Result<std::optional<LogEntry>> entry = NextStage(update.sequence, Stage::kExact, places);
  if (!entry) return entry.error();
  next.exact = update.sequence;
  // The newest root from before the update, and the oldest one since: with one client at a time, just before and after.
  std::pair<std::uint64_t, forest::Digest> before{next.root_at, next.root};
  for (const auto& root : roots) {
    if (root.first < update.sequence && root.first >= before.first) before = root;
  }
  const auto after =
      std::find_if(roots.begin(), roots.end(), [&](const auto& r) { return r.first >= update.sequence; });
  HEDGEROW_CHECK(after != roots.end(), "the root after an update is not known");
  if (!*entry) return {};
  (*entry)->Set("root-before", before.second.ToHex()).Set("root-before-at", before.first);
  (*entry)->Set("root-after", after->second.ToHex()).Set("root-after-at", after->first);
  (*entry)->Set("parameters", parameters_hash).Set("seed", seed_commitment);
  if (update.work) (*entry)->Set("work", WorkText(*update.work));
  places.exact = next.size + 1;
  PutStages(update.sequence, places, batch);
  AppendLogEntry(**entry, next, batch);
  return {};
}

// Some of the entries `exact` that are due. Under `updates`.
Status Store::Impl::LogSomeExact() {
  if (Status status = Usable(); !status) return status;
  if (inexact.empty()) return {};
  NoteRoot(Root());
  Database::Batch batch(*database);
  LogState next = log;
  const std::size_t count = std::min(inexact.size(), kEntriesAtATime);
  for (std::size_t i = 0; i < count; ++i) {
    if (Status status = AppendExact(inexact[i], next, batch); !status) return status;
  }
  // What the next ones find as the root before them.
  for (const auto& [at, root] : roots) {
    if (at > next.exact || at < next.root_at) continue;
    next.root_at = at;
    next.root = root;
  }
  PutLogState(next, batch);
  if (Status status = database->Write(batch, /*sync=*/false); !status) return status;
  log = std::move(next);
  inexact.erase(inexact.begin(), inexact.begin() + static_cast<std::ptrdiff_t>(count));
  std::erase_if(roots, [&](const auto& root) { return root.first <= log.root_at; });
  return {};
}

Status Store::Impl::LogExact() {
  std::uint64_t through = 0;
  for (bool first = true;; first = false) {
    const std::lock_guard lock(updates);
    if (first) through = counters.sequence;
    if (inexact.empty() || inexact.front().sequence > through) return Usable();
    if (Status status = LogSomeExact(); !status) return status;
  }
}

void Store::Impl::AwaitExactEntry(std::uint64_t sequence, const unlearn::Effect& effect) {
  inexact.push_back({sequence, effect});
  if (erase_within) {
    const std::lock_guard lock(upkeep_mutex);
    if (!publication_due) publication_due = std::chrono::steady_clock::now() + kPublishWithin;
    upkeep_wakes.notify_one();
  } else if (inexact.size() >= kMostInexact) {
    // What fails here is tried again by the next who writes.
    while (!inexact.empty() && LogSomeExact().ok()) {
    }
  }
}

// The entries `erased` of updates `unerased`, from the `first` on, up to `through`; and with the last of them the
// progress. Tells how many there were.
Result<std::size_t> Store::Impl::LogSomeErased(std::size_t first, std::uint64_t through) {
  const std::lock_guard lock(updates);
  if (Status status = Usable(); !status) return status.error();
  Database::Batch batch(*database);
  LogState next = log;
  std::size_t count = 0;
  const auto due = [&] { return first + count < unerased.size() && unerased[first + count].first <= through; };
  for (; count < kEntriesAtATime && due(); ++count) {
    StagePlaces places;
    const std::uint64_t sequence = unerased[first + count].first;
    const Result<std::optional<LogEntry>> entry = NextStage(sequence, Stage::kErased, places);
    if (!entry) return entry.error();
    if (!*entry) continue;
    places.erased = next.size + 1;
    PutStages(sequence, places, batch);
    AppendLogEntry(**entry, next, batch);
  }
  PutLogState(next, batch);
  const bool last = !due();
  Progress done = progress;
  // All that is told by now, so that after a crash the rest is told, and nothing twice.
  done.erased = last ? through : std::max(done.erased, unerased[first + count - 1].first);
  PutSealed(Family::kMeta, kProgressKey, EncodeProgress(done), batch);
  if (Status status = database->Write(batch, /*sync=*/last); !status) return status.error();
  log = std::move(next);
  if (!last) return count;
  progress = done;
  while (!unerased.empty() && unerased.front().first <= through) unerased.pop_front();
  return std::size_t{0};
}

Status Store::Impl::LogErased(std::uint64_t through) {
  for (std::size_t done = 0;;) {
    const Result<std::size_t> more = LogSomeErased(done, through);
    if (!more) return more.error();
    if (*more == 0) return {};
    done += *more;
  }
}

// Signs the log as far as it has come, and writes its files.
Status Store::Impl::Publish() {
  const std::lock_guard one(publishing);
  if (Status status = LogExact(); !status) return status;
  LogState now;
  {
    const std::lock_guard lock(updates);
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
  const std::lock_guard lock(updates);
  if (Status status = Usable(); !status) return status;
  Database::Batch batch(*database);
  LogState next = log;
  AppendLogEntry(entry, next, batch);
  if (change) change(next);
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

Result<Verification> Store::Verify(forest::Executor& executor, const unlearn::Progress& progress) {
  Verification found;
  LogEntry entry{LogEntryType::kVerified, {}};
  {
    if (!impl_->closed) {
      if (Status status = impl_->LogExact(); !status) return status.error();
    }
    const std::lock_guard lock(impl_->updates);
    unlearn::Model& model = impl_->model;
    found.sequence = impl_->counters.sequence;
    found.records = model.records().size();
    found.root = impl_->Root();
    found.regrown = model.Regrow(executor, progress).Root(model.records(), executor);
    if (impl_->log.root_at == found.sequence) found.logged = impl_->log.root;
    entry.SetTime(NowUs()).Set("result", found.equal() ? "equal" : "different").Set("sequence", found.sequence);
    entry.Set("records", found.records).Set("root", found.root.ToHex()).Set("regrown-root", found.regrown.ToHex());
    entry.Set("parameters", impl_->parameters_hash).Set("seed", impl_->seed_commitment);
    entry.Set("robustness", Numbers(unlearn::RobustnessHistogram(model.forest())));
  }
  if (impl_->closed) return found;
  if (Status status = impl_->AppendAlone(entry, {}); !status) return status.error();
  found.entered = true;
  return found;
}

Result<std::string> Store::RotateLogKey() {
  if (impl_->closed) return *impl_->closed;
  const std::string path = LogKeyPath(impl_->directory, impl_->log_key);
  const std::lock_guard one(impl_->publishing);
  const Result<std::vector<NoteSigner>> signers = LoadSigners(path, impl_->log.keys.back());
  if (!signers) return signers.error();
  const Result<NoteSigner> next = PrepareRotation(path, impl_->log.origin);
  if (!next) return next.error();
  const std::string key = next->key().ToText();
  LogEntry entry{LogEntryType::kKey, {}};
  entry.SetTime(NowUs()).Set("key", key).Set("replaces", impl_->log.keys.back());
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
