// What a Store is made of; only storage/store*.cpp include it.
//
// Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/codec.h"
#include "storage/database.h"
#include "storage/store.h"

namespace hedgerow::storage {

inline constexpr const char* kHeaderKey = "header";
inline constexpr const char* kCountersKey = "counters";

struct Store::Impl {
  Impl(std::string at, forest::Executor& with, unlearn::Model of)
      : directory(std::move(at)), executor(with), model(std::move(of)) {}

  std::string directory;
  forest::Executor& executor;
  unlearn::Model model;
  std::unique_ptr<Database> database;
  Secret secret{};
  Counters counters;
  // Set when memory and disk may differ: the answer to every further update.
  std::optional<Error> closed;

  // Who is to be forgotten, and who is not there.
  struct Resolved {
    std::vector<datasets::RecordId> ids;  // distinct and live
    Outcome outcome;
  };
  Result<Resolved> Resolve(const ForgetRequest& request) const;
  Status ResolveSubject(const std::string& subject, std::size_t position, Resolved& resolved) const;

  Result<RecordValue> ReadRecord(datasets::RecordId id) const;
  // All record ids of a subject.
  Result<std::vector<datasets::RecordId>> IdsOf(const std::string& subject_key) const;
  Result<bool> WasForgotten(const std::string& key) const;

  // Adds to the batch; the counters move along.
  void PutRecord(datasets::RecordId id, const std::string& subject_key, Database::Batch& batch);
  // `forgotten`: they and subjects without records left are remembered as such, so that asking twice is no error.
  Status EraseRecords(const std::vector<datasets::RecordId>& ids, bool forgotten, Database::Batch& batch);
  Status MarkSubject(const std::string& subject_key, const std::vector<datasets::RecordId>& erased,
                     Database::Batch& batch) const;
  // Adds pages and counters and writes all of it, synced. After a failure the store is closed.
  Status Commit(Database::Batch& batch, const Counters& before);

  forest::Digest Root() { return model.Root(executor); }
};

Error DamagedStore(const std::string& directory, const std::string& what);

}  // namespace hedgerow::storage
