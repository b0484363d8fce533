// A model that learns and forgets: the live records and the forest that is a function of them.
//
// After every call the forest is, byte for byte, the one grown from scratch on the records that are left; or, if the
// model puts work off, it is once that work is done, and until then quarantined places answer with their counts. No
// call leaves anything of a forgotten record in any prediction. A call that fails has changed nothing.
//
// Thread rule: Predict and PredictBatch from any thread at any time, beside one writer, who calls the rest. Background
// work keeps out of the writer's way by itself; whoever looks at forest() or records() while there may be some holds
// Lock().
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "datasets/result.h"
#include "datasets/schema.h"
#include "datasets/table.h"
#include "forest/forest.h"
#include "forest/records.h"
#include "unlearn/background.h"
#include "unlearn/backlog.h"
#include "unlearn/hedger.h"
#include "unlearn/published.h"
#include "unlearn/regrower.h"
#include "unlearn/result_cache.h"
#include "unlearn/survey.h"
#include "unlearn/update.h"
#include "unlearn/writer_lock.h"

namespace hedgerow::unlearn {

using Progress = std::function<void(std::size_t done, std::size_t total)>;

// What an update does at once, and what it leaves to the background.
struct DeferOptions {
  // Subtrees of more records are not grown anew by the update itself (docs/unlearning.md, "The inline budget").
  std::uint32_t inline_records = 0;
  // Nor are nodes of more records counted anew, which costs a tenth of growing them.
  std::uint32_t inline_counted = 512;
  // With so many places waiting the background is behind, and updates grow larger ones themselves.
  std::size_t busy_places = 64;
  std::uint32_t busy_inline_records = 256;
  // With so many waiting, updates do everything themselves: the bound of the queue.
  std::size_t queue_limit = 4096;
  HedgeOptions hedges = {};
  StepLimits steps = {};
  // The time in nanoseconds, of a clock that never goes back, for telling how long quarantines last. Nothing that the
  // model does depends on it, and without it nothing is told.
  std::function<std::uint64_t()> now = {};
};

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
  std::vector<forest::Slot> TakeSlots(std::size_t count);
  void FreeSlots(std::span<const forest::Slot> slots);

  // The probability of each class for one row of cells. Tells the number of the update that it is the state after: a
  // prediction that starts when an update has returned is of that update's state or a later one.
  std::uint64_t Predict(const forest::Cell* row, double* probabilities) const;
  // The same for rows one after the other; `probabilities` is row-major. All are of one state, up to kRowsAState rows;
  // of more, the number is that of the first state, and later rows may be of later ones.
  std::uint64_t PredictBatch(const forest::Cell* rows, std::size_t count, double* probabilities,
                             forest::Executor& executor) const;
  static constexpr std::size_t kRowsAState = 16'384;
  // The most probable class of each row, which is that of its probabilities, from as many trees as it takes. Does not
  // ask for answers that are kept.
  std::uint64_t PredictClass(const forest::Cell* row, datasets::ClassCode& answer) const;
  std::uint64_t PredictClasses(const forest::Cell* rows, std::size_t count, datasets::ClassCode* answers,
                               forest::Executor& executor) const;
  // From now on answers are kept for rows that come again, in at most so much memory; 0: no more. For Predict, and for
  // PredictBatch of up to kCachedRows rows: of more, each costs less than looking it up. Nobody may predict meanwhile.
  void CacheResults(std::size_t bytes);
  static constexpr std::size_t kCachedRows = 8;
  ResultCache::Counts cached() const { return cache_ == nullptr ? ResultCache::Counts{} : cache_->counts(); }
  // Updates that were made, counted on from the constructor's number. Forgetting nobody is none.
  std::uint64_t sequence() const {
    const auto lock = lock_->First();
    return sequence_;
  }
  // For whoever changes trees otherwise than by the updates above, in a way that leaves the model the same function of
  // its records: predictions see it from now on.
  void Publish() { published_->Publish(sequence_); }
  std::size_t LayoutBytes() const { return published_->MemoryBytes(); }
  // Where the memory of records, forest and layout is. With the lock held where there is background work.
  forest::MemoryParts Memory() const;
  // The same and the robustness of all large splits, in steps of some nodes with updates in between. `progress` is told
  // of each tree, without a lock.
  Survey TakeSurvey(const Progress& progress = {}) const;

  // From now on updates put off what is too large for them. Somebody has to call Step, or it is done in the background
  // on an arena that outlives the model.
  void Defer(const DeferOptions& options);
  void Defer(const DeferOptions& options, forest::BackgroundExecutor& executor);
  // From now on updates score every large node that they pass (Updater::ScoreAlways). The model is the same.
  void ScoreAlways() { updater_->ScoreAlways(); }
  // Does a little of what was put off. False: there is nothing.
  bool Step() { return regrower_->Step() || hedger_->Step(); }
  // Waits until nothing is put off any more, or does it; nobody may update meanwhile.
  void Settle();

  // The last update of which it is certain that it and all before it are wholly in the forest.
  std::uint64_t ExactThrough();
  // Waits until an update is wholly in the forest.
  void AwaitExact(std::uint64_t sequence);
  // Waits until the rows of all records that updates up to this one removed are overwritten in memory.
  void AwaitOverwritten(std::uint64_t sequence);
  // Waits until fewer than `busy_places` wait, but not for ever if others keep the background busy. For one of many
  // updates that together would leave it behind, so that updates of others had to do more themselves.
  void AwaitRoom();
  // What waits: places, the records below them, and the share of all records' votes that they have.
  struct Waiting {
    std::size_t places = 0;
    std::uint64_t records = 0;
    double share = 0;
    double oldest_s = 0;                          // how long the oldest has been waiting
    double lasted_p50_us = 0, lasted_p99_us = 0;  // those that were lifted
  };
  Waiting waiting();
  // What all updates did.
  Effect totals() const;
  Hedger::Sum hedges();
  // All three, of one moment.
  struct Standing {
    Waiting waiting;
    Hedger::Sum hedges;
    Effect totals;
  };
  Standing standing();

  // Keeps background work away from forest() and records().
  std::unique_lock<std::mutex> Lock() const { return lock_->First(); }

  // Which of these ids are not there, in their order.
  std::vector<datasets::RecordId> Unknown(std::span<const datasets::RecordId> ids) const;

  // The forest grown anew from the live records, to compare roots with.
  forest::Forest Regrow(forest::Executor& executor, const Progress& progress = {}) const;
  // Takes digests for the next root, some at a time, with updates in between: all that can be known while some places
  // are quarantined.
  void PrepareRoot();
  // Waits until nothing is quarantined; nobody may update meanwhile.
  forest::Digest Root(forest::Executor& executor);

  forest::Forest& forest() { return *forest_; }
  const forest::Forest& forest() const { return *forest_; }
  forest::Records& records() { return *records_; }
  const forest::Records& records() const { return *records_; }

 private:
  void PredictOne(const forest::View& view, const forest::Cell* row, double* probabilities) const;
  void AddMemoryBesideForest(forest::MemoryParts& parts) const;
  // With the lock held.
  Waiting WaitingNow() const;
  Effect Take(std::span<const forest::Slot> slots);
  Effect Put(const datasets::Table& table, std::span<const forest::Slot> slots);
  Effect Update(std::span<const forest::Slot> removed, std::span<const forest::Slot> added);
  std::uint32_t InlineRecords() const;
  std::uint64_t Now() const;
  void UseSteps(const DeferOptions& options);
  template <class Done>
  void WorkUntil(const Done& done);
  // Makes an update: what `change` does with the lock held. Predictions see it when this returns.
  template <class Change>
  Effect Make(const Change& change);

  // Behind pointers, so that a model can be moved while its parts keep their addresses.
  std::unique_ptr<forest::Forest> forest_;
  std::unique_ptr<forest::Records> records_;
  std::unique_ptr<Updater> updater_;
  std::unique_ptr<WriterLock> lock_;
  std::unique_ptr<Backlog> backlog_;
  std::unique_ptr<Published> published_;
  std::unique_ptr<ResultCache> cache_;  // or nothing
  std::unique_ptr<Regrower> regrower_;
  std::unique_ptr<Hedger> hedger_;
  std::optional<DeferOptions> deferring_;
  Effect totals_;
  std::uint64_t sequence_ = 0;              // guarded by the lock
  std::unique_ptr<Background> background_;  // the last one: its work ends before the rest does
};

}  // namespace hedgerow::unlearn
