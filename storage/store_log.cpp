// What a store writes into its log, and how it is signed and shown (store.h, evidence/log_store.h).
//
// An entry is written in the batch of what it tells of, so that one is there if and only if the other is. Hashing,
// signing and files come later, in Publish, beside updates. A checkpoint is signed over what is in the database, and
// leaves this process when that is on the disk: so a power failure cannot make the log go another way than what
// somebody has seen.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "storage/bytes.h"
#include "storage/sealed.h"
#include "storage/store_impl.h"

namespace hedgerow::storage {
namespace {

// Entries that are written while updates wait: some hundred microseconds.
constexpr std::size_t kEntriesAtATime = 4;
// Times that a moment is looked for in which a root need not be waited for; and after so many of these, parts of large
// erasures stand back. With each miss, places with so many records more may be left to be grown while updates wait:
// that is some hundred microseconds.
constexpr std::uint64_t kPatience = 40, kPatienceWithParts = 4, kRecordsAMiss = 500;
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

// Whether a root was taken since the oldest update whose entry `exact` is due.
bool Store::Impl::RootIsKnown() const {
  return !roots.empty() && roots.back().first >= inexact.front().sequence;
}

// Some of the entries `exact` that are due. Under `updates`.
Status Store::Impl::LogSomeExact() {
  if (Status status = Usable(); !status) return status;
  if (inexact.empty()) return {};
  if (!RootIsKnown()) NoteRoot(Root());
  Database::Batch batch(*database);
  LogState next = log;
  std::size_t count = 0;
  for (; count < std::min(inexact.size(), kEntriesAtATime); ++count) {
    if (inexact[count].sequence > roots.back().first) break;
    if (Status status = AppendExact(inexact[count], next, batch); !status) return status;
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

// `updates`, in a moment in which the model's root is almost known: updates wait for no more than what came since.
std::unique_lock<std::mutex> Store::Impl::LockForRoot() {
  std::unique_lock<std::mutex> no_parts;
  for (std::uint64_t missed = 0;; ++missed) {
    // Before `updates`, as the parts do.
    if (missed == kPatienceWithParts) no_parts = parts.First();
    model.AwaitExact(model.sequence());
    model.PrepareRoot();
    auto lock = updates.After();
    // An update that came since has left something to the background. There will be a moment without, or with little;
    // but not where updates follow each other closely, and then they wait.
    if (missed == kPatience || model.waiting().records <= missed * kRecordsAMiss) return lock;
  }
}

Result<forest::Digest> Store::Impl::RootInPassing() {
  const auto lock = LockForRoot();
  if (Status status = Usable(); !status) return status.error();
  const forest::Digest root = Root();
  NoteRoot(root);
  return root;
}

Status Store::Impl::LogExact() {
  std::optional<std::uint64_t> through;
  while (true) {
    std::this_thread::yield();  // to whoever waits for this processor
    {
      const auto lock = updates.After();
      if (!through) through = counters.sequence;
      if (inexact.empty() || inexact.front().sequence > *through) return Usable();
      if (RootIsKnown()) {
        if (Status status = LogSomeExact(); !status) return status;
        continue;
      }
    }
    const auto lock = LockForRoot();
    if (Status status = LogSomeExact(); !status) return status;
  }
}

void Store::Impl::AwaitExactEntry(std::uint64_t sequence, const unlearn::Effect& effect) {
  inexact.push_back({sequence, effect});
  if (erase_within) {
    const std::lock_guard lock(upkeep_mutex);
    if (publication_due) return;
    publication_due = std::chrono::steady_clock::now() + kPublishWithin;
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
  const auto lock = updates.After();
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

}  // namespace hedgerow::storage
