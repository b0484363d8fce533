// Making a store (store.h).
#include <unordered_map>

#include "storage/bytes.h"
#include "storage/directory.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "storage/sealed.h"
#include "storage/store_impl.h"

namespace hedgerow::storage {
namespace {

constexpr std::size_t kBatchBytes = 4 << 20;

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
                                             const datasets::Table& subjects, forest::Executor& executor,
                                             const LogOptions& log) {
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
    impl->DescribeModel();
    if (Status status = impl->StartLog(log, last); !status) return status;
    if (Status status = impl->database->Write(last, /*sync=*/true); !status) return status;
    if (Status status = impl->database->Flush(); !status) return status;
    impl->model.records().HoldSlots();
    if (Status status = impl->Publish(); !status) return status;
    return WriteMarker(directory);
  }();
  if (!written) {
    impl.reset();
    RemoveDirectory(directory);
    return written.error();
  }
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

}  // namespace hedgerow::storage
