// A store: a model with its directory, so that one process trains, another forgets and a third predicts.
//
// Every update is made in memory and then written as one synced batch: afterwards the directory holds either the
// model before or the model after, never a mixture. An update whose write failed has changed nothing on disk; the
// store object then answers every further call with that error, and has to be opened again. Format: docs/store-format.md.
//
// Thread rule: one thread at a time. A directory is open for writing in one process at a time; readers get the
// state of the moment in which they opened it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "datasets/result.h"
#include "datasets/table.h"
#include "forest/digest.h"
#include "forest/executor.h"
#include "unlearn/model.h"

namespace hedgerow::storage {

struct ForgetRequest {
  std::vector<datasets::RecordId> records = {};
  std::vector<std::string> subjects = {};
  bool dry_run = false;  // tells what it would do, and writes nothing; the store has to be opened again
};

// What an update did. With `unknown` or `unknown_subjects` nothing was changed.
struct Outcome {
  std::vector<datasets::RecordId> records;            // forgotten, learned or corrected, ascending
  std::vector<datasets::RecordId> unknown;            // neither here nor forgotten earlier
  std::vector<datasets::RecordId> already_forgotten;  // forgotten earlier: not an error
  std::vector<std::size_t> unknown_subjects;          // positions in the request's `subjects`
  std::vector<std::size_t> already_forgotten_subjects;
  unlearn::Effect effect;
  forest::Digest root_before, root_after;
  double update_us = 0;  // the forest's update alone
  double commit_us = 0;  // writing it, to the end of the sync
};

enum class OpenMode : std::uint8_t { kRead, kWrite };

class Store {
 public:
  // Makes a directory (which must not hold anything) with this model. `subjects` is a table whose `ids` and
  // `subjects` tell whose the records are; its other fields are not looked at.
  // kStoreUnavailable if there is something already, kIo.
  static Result<std::unique_ptr<Store>> Create(const std::string& directory, unlearn::Model model,
                                               const datasets::Table& subjects, forest::Executor& executor);
  // kStoreUnavailable: no store there, one of another version, or locked; kStoreDamaged: a checksum or an
  // invariant does not hold, with the place; kIo.
  static Result<std::unique_ptr<Store>> Open(const std::string& directory, OpenMode mode, forest::Executor& executor);

  ~Store();

  // Forgets records and all records of subjects, together. kUsage if the request names nobody.
  Result<Outcome> Forget(const ForgetRequest& request);
  // Learns new records (with `table.subjects`, if any). kBadInput if an id is already there.
  Result<Outcome> Learn(const datasets::Table& table);
  // Replaces records of the same ids; a record keeps its subject where the table names none.
  Result<Outcome> Correct(const datasets::Table& table);

  unlearn::Model& model();
  const unlearn::Model& model() const;
  forest::Digest Root();
  std::uint64_t forgotten() const;  // records that were ever forgotten here
  std::uint64_t subjects() const;   // records that belong to a subject
  // "tables", "log", "other" and "total", in bytes.
  std::map<std::string, std::uint64_t> DiskBytes() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hedgerow::storage
