// Opening a store (store.h).
#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <unordered_map>

#include "datasets/stopwatch.h"
#include "storage/bytes.h"
#include "storage/directory.h"
#include "storage/keys.h"
#include "storage/members.h"
#include "storage/pages.h"
#include "storage/sealed.h"
#include "storage/store_impl.h"
#include "unlearn/update.h"

namespace hedgerow::storage {

using datasets::RecordId;

namespace {

// Everything that is read before the trees are.
struct Stored {
  ModelHeader header;
  Counters counters;
  Progress progress;
  std::vector<std::uint64_t> tree_progress;
  forest::Records records{0, 0};
  std::deque<PendingErasure> pending;
  // Per slot: the updates that the record came with, and left with (kNever: it is live).
  std::vector<std::uint64_t> born, died;
};

constexpr std::uint64_t kNever = ~std::uint64_t{0};

Status ReadDescription(const Database& database, const std::string& directory, Stored& stored) {
  const Error damaged = DamagedStore(directory, "the description of the model");
  Result<Description> description = Describe(database, directory);
  if (!description) return description.error();
  stored.header = std::move(description->header);
  stored.counters = description->counters;
  stored.progress = description->progress;
  for (std::uint32_t t = 0; t < stored.header.parameters.trees; ++t) {
    const auto body = GetSealed(database, Family::kMeta, CheckpointKey(t), damaged);
    if (!body) return body.error();
    std::uint64_t progress_of_tree = 0;
    if (*body) {
      const auto sequence = SequenceOf(**body);
      if (!sequence || *sequence > stored.counters.sequence) return damaged;
      progress_of_tree = *sequence;
    }
    stored.tree_progress.push_back(std::max(progress_of_tree, stored.progress.floor));
  }
  return {};
}

// Puts rows at their slots, on any thread.
class RowPlacer {
 public:
  explicit RowPlacer(Stored& stored) : stored_(stored), taken_(static_cast<std::size_t>(stored.counters.slot_end)) {}

  // False if that cannot be the row of a live record.
  bool Place(std::string_view key, std::string_view value) {
    const auto body = Unseal(key, value);
    const auto row =
        body ? DecodeRecord(*body, stored_.header.schema.features.size(), stored_.header.schema.classes.size())
             : std::nullopt;
    if (!row || row->slot >= taken_.size() || row->born > stored_.counters.sequence ||
        RecordKey(stored_.header.secret, row->id) != key || taken_[row->slot].exchange(true)) {
      return false;
    }
    stored_.records.Place(row->slot, row->id, row->label, row->cells);
    stored_.born[row->slot] = row->born;
    return true;
  }

 private:
  Stored& stored_;
  std::vector<std::atomic<bool>> taken_;
};

// Record keys are hashes, so their first bytes share the records out evenly.
Status ReadLiveRecords(const Database& database, const std::string& directory, Stored& stored,
                       forest::Executor& executor) {
  constexpr std::size_t kRanges = 64;
  const auto start_of = [](std::size_t range) {
    constexpr std::size_t kFirstBytes = 256;
    if (range == 0) return std::string();
    return range == kRanges ? std::string(kOpaqueBytes + 1, '\xff')
                            : std::string(1, static_cast<char>(range * kFirstBytes / kRanges));
  };
  RowPlacer placer(stored);
  std::mutex mutex;
  Status first_failure;
  executor.ParallelFor(kRanges, [&](std::size_t range) {
    const Status status = database.Scan(Family::kRecords, start_of(range), start_of(range + 1),
                                        [&](std::string_view key, std::string_view value) -> Status {
                                          if (placer.Place(key, value)) return {};
                                          return DamagedStore(directory, "a record");
                                        });
    const std::lock_guard lock(mutex);
    if (!status && first_failure) first_failure = status;
  });
  return first_failure;
}

// Puts the row of a record that has left at its slot.
bool PlaceGhost(const RecordValue& row, std::uint64_t died, Stored& stored) {
  if (row.slot >= stored.counters.slot_end || stored.records.Alive(row.slot) || died > stored.counters.sequence ||
      died <= row.born) {
    return false;
  }
  stored.records.InsertGhost(row.slot, row.id, row.label, row.cells);
  stored.born[row.slot] = row.born;
  stored.died[row.slot] = died;
  return true;
}

Status ReadRecords(const Database& database, const std::string& directory, Stored& stored, forest::Executor& executor) {
  const std::size_t width = stored.header.schema.features.size();
  const std::size_t classes = stored.header.schema.classes.size();
  const auto slots = static_cast<forest::Slot>(stored.counters.slot_end);
  stored.records = forest::Records(width, stored.header.parameters.seed);
  stored.records.Prepare(slots);
  stored.born.assign(slots, 0);
  stored.died.assign(slots, kNever);
  if (Status status = ReadLiveRecords(database, directory, stored, executor); !status) return status;
  if (!stored.records.Index() || stored.records.size() != stored.counters.records)
    return DamagedStore(directory, "the list of records");
  return database.ForEach(Family::kPending, "", [&](std::string_view key, std::string_view value) -> Status {
    const auto body = Unseal(key, value);
    const auto row = body ? DecodeRecord(*body, width, classes) : std::nullopt;
    const auto died = SequenceOf(key);
    const bool good = row && died && key.substr(sizeof(std::uint64_t)) == RecordKey(stored.header.secret, row->id) &&
                      PlaceGhost(*row, *died, stored);
    if (!good) return DamagedStore(directory, "a record that waits for its erasure");
    stored.pending.push_back({*died, row->slot, std::string(key)});
    return {};
  });
}

// Reads the trees as they were stored, and lets each of them forget and learn what came since.
Status ReadTrees(const Database& database, const std::string& directory, const Stored& stored, forest::Forest& forest,
                 forest::Executor& executor) {
  const forest::Records& records = stored.records;
  const Members members(forest, records, {stored.born, stored.died, stored.tree_progress}, executor);
  if (Status status = ReadPages({database, records, members, directory}, forest, executor); !status) return status;
  // What is news to which tree: nothing, where a checkpoint was the last that happened.
  std::vector<std::vector<forest::Slot>> removed(forest.trees().size()), added(forest.trees().size());
  for (forest::Slot slot = 0; slot < records.slot_end(); ++slot) {
    if (!records.Alive(slot) || (!records.Ghost(slot) && stored.born[slot] <= stored.progress.floor)) continue;
    for (const std::uint32_t t : forest.TreesOf(records.id(slot))) {
      if (records.Ghost(slot)) {
        if (members.Holds(slot, t)) removed[t].push_back(slot);
      } else if (stored.born[slot] > stored.tree_progress[t]) {
        added[t].push_back(slot);
      }
    }
  }
  unlearn::Updater updater(forest.context());
  for (std::uint32_t t = 0; t < forest.trees().size(); ++t) {
    if (removed[t].empty() && added[t].empty()) continue;
    if (!updater.UpdateReadTree(forest, records, t, removed[t], added[t])) {
      return DamagedStore(directory, "tree " + std::to_string(t));
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> Store::Open(const std::string& directory, OpenMode mode, forest::Executor& executor) {
  OpenOptions options;
  options.mode = mode;
  return Open(directory, options, executor);
}

Result<std::unique_ptr<Store>> Store::Open(const std::string& directory, const OpenOptions& options,
                                           forest::Executor& executor) {
  const bool reading = options.mode == OpenMode::kRead;
  if (Status status = CheckMarker(directory, {.restoring = options.restoring, .older = !reading}); !status)
    return status.error();
  Result<std::unique_ptr<Database>> database =
      Database::Open(DatabasePath(directory), reading ? Database::Mode::kRead : Database::Mode::kWrite);
  if (!database) return database.error();
  Stored stored;
  if (Status status = ReadDescription(**database, directory, stored); !status) return status.error();
  if (Status status = ReadRecords(**database, directory, stored, executor); !status) return status.error();
  stored.records.HoldSlots();
  forest::Forest forest(stored.header.parameters, stored.header.schema);
  if (options.regrow) {
    if (!reading) {
      if (Status status = (*database)->Empty(Family::kPages); !status) return status.error();
    }
    forest.Grow(stored.records, executor);
  } else if (Status status = ReadTrees(**database, directory, stored, forest, executor); !status) {
    return status.error();
  }
  Result<Unerased> unerased = ReadUnerased(**database, directory, stored.counters, stored.progress);
  if (!unerased) return unerased.error();
  for (const PendingErasure& one : stored.pending) stored.records.Remove(one.slot);

  auto impl = std::make_unique<Impl>(
      directory, executor,
      unlearn::Model(std::move(forest), std::move(stored.records), executor, stored.counters.sequence));
  impl->database = std::move(*database);
  impl->secret = stored.header.secret;
  impl->counters = stored.counters;
  impl->progress = stored.progress;
  impl->pending = std::move(stored.pending);
  impl->unerased = std::move(*unerased);
  impl->written = stored.counters.sequence;
  // Opening has moved all of the log into table files, which are synced.
  impl->synced = reading ? 0 : stored.counters.sequence;
  impl->erased = stored.progress.erased;
  impl->reading = reading;
  impl->log_key = options.log_key;
  if (Status status = impl->OpenLog(options.restoring); !status) {
    impl->closed = status.error();
    return status.error();
  }
  if (reading) {
    impl->closed = Error{ErrorCode::kUsage, "the store was opened for reading", directory, "open it for writing"};
  } else if (options.regrow) {
    // The old pages are gone: without new ones, nobody could open the store in another way.
    if (Result<CheckpointReport> report = impl->Checkpoint(); !report) return report.error();
  }
  impl->model.CacheResults(options.cache_bytes);
  if (!reading && options.defer) {
    unlearn::DeferOptions defer = *options.defer;
    if (!defer.now) defer.now = datasets::SteadyNs;
    if (options.background != nullptr) {
      impl->model.Defer(defer, *options.background);
    } else {
      impl->model.Defer(defer);
    }
  }
  if (!reading && !options.restoring) {
    if (Status status = UpgradeMarker(directory); !status) return status.error();
    // What an earlier process left. Without the key it stays so, and PublishLog tells.
    static_cast<void>(impl->Publish().ok());
  }
  if (!reading && options.erase_within) {
    // All digests at once, while nobody waits. Later only those on touched paths are taken, by the upkeep thread and
    // with updates held up.
    impl->Root();
    impl->erase_within = options.erase_within;
    impl->StartUpkeep();
  }
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

}  // namespace hedgerow::storage
