// A model that learns and forgets: the live records and the forest that is a function of them.
//
// After every call the forest is, byte for byte, the one grown from scratch on the records that are left. A call
// that fails has changed nothing.
//
// Thread rule: one writer, and no reader while it writes.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "datasets/result.h"
#include "datasets/schema.h"
#include "datasets/table.h"
#include "forest/forest.h"
#include "forest/records.h"
#include "unlearn/update.h"

namespace hedgerow::unlearn {

using Progress = std::function<void(std::size_t done, std::size_t total)>;

class Model {
 public:
  // Checks the parameters (kUsage) and resolves an "auto" occupancy; checks that the table's ids are distinct
  // and its rows fit the schema (kBadInput); then grows. An empty table is fine.
  static Result<Model> Train(forest::Parameters parameters, datasets::Schema schema, const datasets::Table& table,
                             forest::Executor& executor, const Progress& progress = {});

  // Takes over parts that belong together: for opening a store.
  Model(forest::Forest forest, forest::Records records);

  // Forgets these records. kUnknownRecord if one is not there (its message says how many); an id that is given
  // twice counts once.
  Result<Effect> Forget(std::span<const datasets::RecordId> ids);
  // Learns the table's records. kBadInput if an id is there already or twice in the table.
  Result<Effect> Learn(const datasets::Table& table);
  // Replaces the records of the same ids (GDPR Art. 16). kUnknownRecord if one is not there.
  Result<Effect> Correct(const datasets::Table& table);

  // The two steps of an update by a store, which has to know where the records will stand before it may change the
  // model: whether it can be made at all, and then making it at slots that were taken (records.h).
  Status CheckLearn(const datasets::Table& table) const;
  Status CheckCorrect(const datasets::Table& table) const;
  Effect LearnAt(const datasets::Table& table, std::span<const forest::Slot> slots);
  Effect CorrectAt(const datasets::Table& table, std::span<const forest::Slot> slots);

  // Which of these ids are not there, in their order.
  std::vector<datasets::RecordId> Unknown(std::span<const datasets::RecordId> ids) const;

  // The forest grown anew from the live records, to compare roots with.
  forest::Forest Regrow(forest::Executor& executor, const Progress& progress = {}) const;
  forest::Digest Root(forest::Executor& executor);

  forest::Forest& forest() { return *forest_; }
  const forest::Forest& forest() const { return *forest_; }
  forest::Records& records() { return *records_; }
  const forest::Records& records() const { return *records_; }

 private:
  Effect Remove(std::span<const forest::Slot> slots);

  // Behind pointers, so that a model can be moved while its parts keep their addresses.
  std::unique_ptr<forest::Forest> forest_;
  std::unique_ptr<forest::Records> records_;
  std::unique_ptr<Updater> updater_;
};

}  // namespace hedgerow::unlearn
