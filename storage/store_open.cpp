// Opening a store (store.h).
#include <algorithm>
#include <unordered_map>

#include "storage/bytes.h"
#include "storage/directory.h"
#include "storage/keys.h"
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

// Puts a row at its slot; `died` is kNever for a live one.
bool PlaceRow(const RecordValue& row, std::uint64_t died, Stored& stored) {
  if (row.slot >= stored.counters.slot_end || stored.records.Alive(row.slot) || row.born > stored.counters.sequence)
    return false;
  if (died == kNever) {
    if (stored.records.Find(row.id)) return false;
    stored.records.InsertAt(row.slot, row.id, row.label, row.cells);
  } else {
    if (died > stored.counters.sequence || died <= row.born) return false;
    stored.records.InsertGhost(row.slot, row.id, row.label, row.cells);
  }
  stored.born[row.slot] = row.born;
  stored.died[row.slot] = died;
  return true;
}

Status ReadRecords(const Database& database, const std::string& directory, Stored& stored) {
  const std::size_t width = stored.header.schema.features.size();
  const std::size_t classes = stored.header.schema.classes.size();
  stored.records = forest::Records(width, stored.header.parameters.seed);
  stored.records.Reserve(static_cast<std::size_t>(stored.counters.slot_end));
  stored.born.assign(static_cast<std::size_t>(stored.counters.slot_end), 0);
  stored.died.assign(static_cast<std::size_t>(stored.counters.slot_end), kNever);
  Status status = database.ForEach(Family::kRecords, "", [&](std::string_view key, std::string_view value) -> Status {
    const auto body = Unseal(key, value);
    const auto row = body ? DecodeRecord(*body, width, classes) : std::nullopt;
    const bool good = row && RecordKey(stored.header.secret, row->id) == key && PlaceRow(*row, kNever, stored);
    return good ? Status() : Status(DamagedStore(directory, "a record"));
  });
  if (!status) return status;
  if (stored.records.size() != stored.counters.records) return DamagedStore(directory, "the list of records");
  return database.ForEach(Family::kPending, "", [&](std::string_view key, std::string_view value) -> Status {
    const auto body = Unseal(key, value);
    const auto row = body ? DecodeRecord(*body, width, classes) : std::nullopt;
    const auto died = SequenceOf(key);
    const bool good = row && died && key.substr(sizeof(std::uint64_t)) == RecordKey(stored.header.secret, row->id) &&
                      PlaceRow(*row, *died, stored);
    if (!good) return DamagedStore(directory, "a record that waits for its erasure");
    stored.pending.push_back({*died, row->slot, std::string(key)});
    return {};
  });
}

// Which trees have a record by its occupancy: a bit a slot and tree.
class Occupants {
 public:
  Occupants(const forest::Forest& forest, const forest::Records& records, forest::Executor& executor)
      : words_((forest.trees().size() + 63) / 64), bits_(words_ * records.slot_end(), 0) {
    constexpr std::size_t kSlotsATask = 4096;
    executor.ParallelFor((records.slot_end() + kSlotsATask - 1) / kSlotsATask, [&](std::size_t task) {
      const std::size_t end = std::min<std::size_t>(records.slot_end(), (task + 1) * kSlotsATask);
      for (std::size_t slot = task * kSlotsATask; slot < end; ++slot)
        Add(forest, records, static_cast<forest::Slot>(slot));
    });
  }
  bool Has(forest::Slot slot, std::uint32_t tree) const {
    return (bits_[slot * words_ + tree / 64] >> (tree % 64) & 1) != 0;
  }

 private:
  void Add(const forest::Forest& forest, const forest::Records& records, forest::Slot slot) {
    if (!records.Alive(slot)) return;
    for (const std::uint32_t tree : forest.TreesOf(records.id(slot)))
      bits_[slot * words_ + tree / 64] |= 1ULL << (tree % 64);
  }

  std::size_t words_;
  std::vector<std::uint64_t> bits_;
};

// Reads the trees as they were stored, and lets each of them forget and learn what came since.
Status ReadTrees(const Database& database, const std::string& directory, const Stored& stored, forest::Forest& forest,
                 forest::Executor& executor) {
  const forest::Records& records = stored.records;
  const Occupants occupants(forest, records, executor);
  const Holds holds = [&](forest::Slot slot, std::uint32_t tree) {
    const std::uint64_t progress = stored.tree_progress[tree];
    return stored.born[slot] <= progress && stored.died[slot] > progress && occupants.Has(slot, tree);
  };
  if (Status status = ReadPages({database, records, holds, directory}, forest, executor); !status) return status;
  unlearn::Updater updater(forest.context());
  // What may be news to some tree: nothing, where a checkpoint was the last that happened.
  std::vector<forest::Slot> news, removed, added;
  for (forest::Slot slot = 0; slot < records.slot_end(); ++slot) {
    if (records.Alive(slot) && (records.Ghost(slot) || stored.born[slot] > stored.progress.floor)) news.push_back(slot);
  }
  for (std::uint32_t t = 0; t < forest.trees().size(); ++t) {
    removed.clear();
    added.clear();
    for (const forest::Slot slot : news) {
      if (records.Ghost(slot)) {
        if (holds(slot, t)) removed.push_back(slot);
      } else if (stored.born[slot] > stored.tree_progress[t] && occupants.Has(slot, t)) {
        added.push_back(slot);
      }
    }
    if (!removed.empty() || !added.empty()) updater.UpdateTree(forest, records, t, removed, added);
  }
  return {};
}

// How many records each update removed whose bytes may still be in a file.
Status ReadUnerased(const Database& database, const std::string& directory, const Stored& stored,
                    std::deque<std::pair<std::uint64_t, std::uint64_t>>& unerased) {
  std::uint64_t next = stored.progress.erased + 1;
  Status status = database.ForEachFrom(Family::kJournal, SequenceKey(next),
                                       [&](std::string_view key, std::string_view value) -> Status {
                                         const auto body = Unseal(key, value);
                                         const auto entry = body ? DecodeEntry(*body) : std::nullopt;
                                         const auto sequence = SequenceOf(key);
                                         // None is missing, and none is there that the counters do not know.
                                         if (!entry || sequence != next++)
                                           return DamagedStore(directory, "the journal");
                                         if (!entry->erased.empty())
                                           unerased.emplace_back(*sequence, entry->erased.size());
                                         return {};
                                       });
  if (status.ok() && next != stored.counters.sequence + 1) return DamagedStore(directory, "the journal");
  return status;
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
  if (Status status = ReadRecords(**database, directory, stored); !status) return status.error();
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
  std::deque<std::pair<std::uint64_t, std::uint64_t>> unerased;
  if (Status status = ReadUnerased(**database, directory, stored, unerased); !status) return status.error();
  for (const PendingErasure& one : stored.pending) stored.records.Remove(one.slot);

  auto impl = std::make_unique<Impl>(directory, executor, unlearn::Model(std::move(forest), std::move(stored.records)));
  impl->database = std::move(*database);
  impl->secret = stored.header.secret;
  impl->counters = stored.counters;
  impl->progress = stored.progress;
  impl->pending = std::move(stored.pending);
  impl->unerased = std::move(unerased);
  impl->written = stored.counters.sequence;
  // Opening has moved all of the log into table files, which are synced.
  impl->synced = reading ? 0 : stored.counters.sequence;
  impl->erased = stored.progress.erased;
  impl->log_key = options.log_key;
  if (Status status = impl->OpenLog(reading, options.restoring); !status) {
    impl->closed = status.error();
    return status.error();
  }
  if (reading) {
    impl->closed = Error{ErrorCode::kUsage, "the store was opened for reading", directory, "open it for writing"};
  } else if (options.regrow) {
    // The old pages are gone: without new ones, nobody could open the store in another way.
    if (Result<CheckpointReport> report = impl->Checkpoint(); !report) return report.error();
  }
  if (!reading && !options.restoring) {
    if (Status status = UpgradeMarker(directory); !status) return status.error();
    // What an earlier process left. Without the key it stays so, and PublishLog tells.
    static_cast<void>(impl->Publish().ok());
  }
  if (!reading && options.erase_within) {
    impl->erase_within = options.erase_within;
    impl->StartUpkeep();
  }
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

}  // namespace hedgerow::storage
