// Making and opening a store (store.h).
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

constexpr std::size_t kBatchBytes = 4 << 20;

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

}  // namespace

// The rows of a new store, which nobody reads before it is complete.
Status Store::Impl::WriteRows(const SubjectKeys& subject_of) {
  const forest::Records& records = model.records();
  auto update = std::make_unique<Update>(*this);
  const auto write = [&]() -> Status {
    if (Status status = database->Write(update->batch, /*sync=*/false); !status) return status;
    counters = update->counters;
    counters.sequence = 0;
    counters.slot_end = records.slot_end();
    update = std::make_unique<Update>(*this);
    return {};
  };
  for (const forest::Slot slot : records.LiveSlots()) {
    const auto subject = subject_of.find(records.id(slot));
    const datasets::Cell* row = records.row(slot);
    PutRecord({0,
               slot,
               records.id(slot),
               records.label(slot),
               subject == subject_of.end() ? std::string() : subject->second,
               {row, row + records.width()}},
              *update);
    if (update->batch.bytes() < kBatchBytes) continue;
    if (Status status = write(); !status) return status;
  }
  return write();
}

Result<std::unique_ptr<Store>> Store::Create(const std::string& directory, unlearn::Model model,
                                             const datasets::Table& subjects, forest::Executor& executor) {
  if (Status status = MakeDirectory(directory); !status) return status.error();
  auto impl = std::make_unique<Impl>(directory, executor, std::move(model));
  const Status written = [&]() -> Status {
    Result<std::unique_ptr<Database>> database = Database::Open(DatabasePath(directory), Database::Mode::kCreate);
    if (!database) return database.error();
    impl->database = std::move(*database);
    impl->secret = MakeSecret();

    Impl::SubjectKeys subject_of;
    for (std::size_t i = 0; i < subjects.subjects.size(); ++i) {
      if (!subjects.subjects[i].empty()) subject_of[subjects.ids[i]] = SubjectKey(impl->secret, subjects.subjects[i]);
    }
    if (Status status = impl->WriteRows(subject_of); !status) return status;
    if (Status status = WriteAllPages(impl->model.forest(), *impl->database, kBatchBytes); !status) return status;
    for (forest::Tree& tree : impl->model.forest().trees()) MarkStored(tree);

    const ModelHeader header{impl->model.forest().parameters(), impl->model.forest().schema(), impl->secret};
    Database::Batch last(*impl->database);
    PutSealed(Family::kMeta, kHeaderKey, EncodeHeader(header), last);
    impl->progress.time_us = NowUs();
    PutSealed(Family::kMeta, kProgressKey, EncodeProgress(impl->progress), last);
    PutSealed(Family::kMeta, kCountersKey, EncodeCounters(impl->counters), last);
    if (Status status = impl->database->Write(last, /*sync=*/true); !status) return status;
    if (Status status = impl->database->Flush(); !status) return status;
    impl->model.records().HoldSlots();
    return WriteMarker(directory);
  }();
  if (!written) {
    impl.reset();
    RemoveDirectory(directory);
    return written.error();
  }
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Result<std::unique_ptr<Store>> Store::Open(const std::string& directory, OpenMode mode, forest::Executor& executor) {
  OpenOptions options;
  options.mode = mode;
  return Open(directory, options, executor);
}

Result<std::unique_ptr<Store>> Store::Open(const std::string& directory, const OpenOptions& options,
                                           forest::Executor& executor) {
  if (Status status = CheckMarker(directory, options.restoring); !status) return status.error();
  const bool reading = options.mode == OpenMode::kRead;
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
  Result<Unerased> unerased = ReadUnerased(**database, directory, stored.counters, stored.progress);
  if (!unerased) return unerased.error();
  for (const PendingErasure& one : stored.pending) stored.records.Remove(one.slot);

  auto impl = std::make_unique<Impl>(directory, executor, unlearn::Model(std::move(forest), std::move(stored.records)));
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
  if (reading) {
    impl->closed = Error{ErrorCode::kUsage, "the store was opened for reading", directory, "open it for writing"};
  } else if (options.regrow) {
    // The old pages are gone: without new ones, nobody could open the store in another way.
    if (Result<CheckpointReport> report = impl->Checkpoint(); !report) return report.error();
  }
  if (!reading && options.erase_within) {
    impl->erase_within = options.erase_within;
    impl->StartUpkeep();
  }
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

}  // namespace hedgerow::storage
