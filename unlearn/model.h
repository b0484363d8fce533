// A model that learns and forgets: the live records and the forest that is a function of them.
//
// After every call the forest is, byte for byte, the one grown from scratch on the records that are left. A call
// that fails has changed nothing.
//
// Thread rule: Predict and PredictBatch from any thread at any time, beside one writer, who calls the rest.
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
#include "unlearn/published.h"
#include "unlearn/update.h"

namespace hedgerow::unlearn {

using Progress = std::function<void(std::size_t done, std::size_t total)>;

class Model {
 public:
  // Checks the parameters (kUsage) and resolves an "auto" occupancy; checks that the table's ids are distinct
  // and its rows fit the schema (kBadInput); then grows. An empty table is fine.
  static Result<Model> Train(forest::Parameters parameters, datasets::Schema schema, const datasets::Table& table,
                             forest::Executor& executor, const Progress& progress = {});

  // Takes over parts that belong together, as they are after update number `sequence`: for opening a store.
  Model(forest::Forest forest, forest::Records records, forest::Executor& executor, std::uint64_t sequence = 0);

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

  // The probability of each class for one row of cells. Tells the number of the update that it is the state after: a
  // prediction that starts when an update has returned is of that update's state or a later one.
  std::uint64_t Predict(const forest::Cell* row, double* probabilities) const;
  // The same for rows one after the other; `probabilities` is row-major. All are of one state, up to kRowsAState rows;
  // of more, the number is that of the first state, and later rows may be of later ones.
  std::uint64_t PredictBatch(const forest::Cell* rows, std::size_t count, double* probabilities,
                             forest::Executor& executor) const;
  static constexpr std::size_t kRowsAState = 16'384;
  // Updates that were made, counted on from the constructor's number. Forgetting nobody is none.
  std::uint64_t sequence() const { return sequence_; }
  // For whoever changes trees otherwise than by the updates above, in a way that leaves the model the same function of
  // its records: predictions see it from now on.
  void Publish() { published_->Publish(sequence_); }
  std::size_t LayoutBytes() const { return published_->MemoryBytes(); }

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
  Effect Insert(const datasets::Table& table, std::span<const forest::Slot> slots);
  // An update has changed the trees.
  void PublishNext();

  // Behind pointers, so that a model can be moved while its parts keep their addresses.
  std::unique_ptr<forest::Forest> forest_;
  std::unique_ptr<forest::Records> records_;
  std::unique_ptr<Updater> updater_;
  std::unique_ptr<Published> published_;
  std::uint64_t sequence_ = 0;
};

}  // namespace hedgerow::unlearn
