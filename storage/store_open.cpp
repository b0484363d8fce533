// Making and opening a store (store.h).
#include <algorithm>
#include <unordered_map>

#include "storage/bytes.h"
#include "storage/directory.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "storage/store_impl.h"

namespace hedgerow::storage {

using datasets::RecordId;

namespace {

constexpr std::size_t kBatchBytes = 4 << 20;

Result<std::string> ReadMeta(const Database& database, const char* key, const std::string& directory) {
  const Result<std::optional<std::string>> sealed = database.Get(Family::kMeta, key);
  if (!sealed) return sealed.error();
  const auto body = *sealed ? Unseal(key, **sealed) : std::nullopt;
  if (!body) return DamagedStore(directory, "the description of the model");
  return std::string(*body);
}

Result<forest::Records> ReadRecords(const Database& database, const ModelHeader& header, const Counters& counters,
                                    const std::string& directory) {
  const std::size_t width = header.schema.features.size();
  forest::Records records(width, header.parameters.seed);
  records.Reserve(static_cast<std::size_t>(counters.records));
  const Status status = database.ForEach(
      Family::kRecords, "", [&](std::string_view key, std::string_view value) -> Status {
        const auto body = Unseal(key, value);
        const auto record = body ? DecodeRecord(*body, width, header.schema.classes.size()) : std::nullopt;
        if (!record || record->slot >= counters.slot_end || records.Alive(record->slot) || records.Find(record->id) ||
            RecordKey(header.secret, record->id) != key) {
          return DamagedStore(directory, "a record");
        }
        records.InsertAt(record->slot, record->id, record->label, record->cells);
        return {};
      });
  if (!status) return status.error();
  if (records.size() != counters.records) return DamagedStore(directory, "the list of records");
  return records;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::Create(const std::string& directory, unlearn::Model model,
                                             const datasets::Table& subjects, forest::Executor& executor) {
  if (Status status = MakeDirectory(directory); !status) return status.error();
  auto impl = std::make_unique<Impl>(directory, executor, std::move(model));
  const Status written = [&]() -> Status {
    Result<std::unique_ptr<Database>> database = Database::Open(DatabasePath(directory), Database::Mode::kCreate);
    if (!database) return database.error();
    impl->database = std::move(*database);
    impl->secret = MakeSecret();

    std::unordered_map<RecordId, std::string> subject_of;
    for (std::size_t i = 0; i < subjects.subjects.size(); ++i) {
      if (!subjects.subjects[i].empty()) subject_of[subjects.ids[i]] = SubjectKey(impl->secret, subjects.subjects[i]);
    }
    const forest::Records& records = impl->model.records();
    auto batch = std::make_unique<Database::Batch>(*impl->database);
    for (const forest::Slot slot : records.LiveSlots()) {
      const auto subject = subject_of.find(records.id(slot));
      impl->PutRecord(records.id(slot), subject == subject_of.end() ? std::string() : subject->second, *batch);
      if (batch->bytes() < kBatchBytes) continue;
      if (Status status = impl->database->Write(*batch, false); !status) return status;
      batch = std::make_unique<Database::Batch>(*impl->database);
    }
    if (Status status = impl->database->Write(*batch, false); !status) return status;
    if (Status status = WriteAllPages(impl->model.forest(), *impl->database, kBatchBytes); !status) return status;
    MarkStored(impl->model.forest());

    const ModelHeader header{impl->model.forest().parameters(), impl->model.forest().schema(), impl->secret};
    Database::Batch last(*impl->database);
    last.Put(Family::kMeta, kHeaderKey, Seal(kHeaderKey, EncodeHeader(header)));
    if (Status status = impl->Commit(last, impl->counters); !status) return status;
    if (Status status = impl->database->Flush(); !status) return status;
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
  if (Status status = CheckMarker(directory); !status) return status.error();
  Result<std::unique_ptr<Database>> database = Database::Open(
      DatabasePath(directory), mode == OpenMode::kRead ? Database::Mode::kRead : Database::Mode::kWrite);
  if (!database) return database.error();

  const Result<std::string> header_bytes = ReadMeta(**database, kHeaderKey, directory);
  if (!header_bytes) return header_bytes.error();
  const Result<std::string> counter_bytes = ReadMeta(**database, kCountersKey, directory);
  if (!counter_bytes) return counter_bytes.error();
  const auto header = DecodeHeader(*header_bytes);
  const auto counters = DecodeCounters(*counter_bytes);
  if (!header || !counters) return DamagedStore(directory, "the description of the model");

  Result<forest::Records> records = ReadRecords(**database, *header, *counters, directory);
  if (!records) return records.error();
  forest::Forest forest(header->parameters, header->schema);
  if (Status status = ReadPages(**database, *records, directory, forest); !status) return status.error();

  auto impl = std::make_unique<Impl>(directory, executor, unlearn::Model(std::move(forest), std::move(*records)));
  impl->database = std::move(*database);
  impl->secret = header->secret;
  impl->counters = *counters;
  if (mode == OpenMode::kRead) {
    impl->closed = Error{ErrorCode::kUsage, "the store was opened for reading", directory, "open it for writing"};
  }
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

}  // namespace hedgerow::storage
