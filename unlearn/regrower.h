// Lifts quarantines: grows what belongs to their places, in steps between which updates go on
// (docs/unlearning.md, "Regrowth").
//
// A small place is grown in one step. A large one is grown from copies of its records, beside the updates; those that
// came meanwhile are then applied to the new subtree, and it takes its place when there are none left.
//
// Thread rule: Step may be called from any thread, one at a time. It holds the writer's lock only for short.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "forest/forest.h"
#include "forest/records.h"
#include "forest/workspace.h"
#include "unlearn/backlog.h"
#include "unlearn/update.h"
#include "unlearn/writer_lock.h"

namespace hedgerow::unlearn {

// How much a step does while it holds the lock. Values that keep it at some ten microseconds.
struct StepLimits {
  std::uint32_t records_grown = 256;  // a place with more is grown from copies
  std::uint32_t rows_copied = 512;
  std::uint32_t changes_applied = 8;
};

class Regrower {
 public:
  // All of them must outlive the regrower.
  Regrower(forest::Forest& forest, forest::Records& records, Backlog& backlog, WriterLock& lock,
           const StepLimits& limits);

  // Does a little. False: there was nothing to do.
  bool Step();

 private:
  // A large place on its way.
  struct Job {
    std::shared_ptr<forest::Quarantine> quarantine;
    enum class Phase : std::uint8_t { kCollect, kCopy, kGrow, kCatchUp } phase = Phase::kCollect;
    std::vector<forest::Quarantine::Change> known;  // the changes that `slots` takes account of
    std::size_t applied = 0;                        // so many of all changes are in `grown`
    std::vector<forest::Slot> slots;
    forest::ZeroingVector<forest::Cell> rows;  // copies of the slots' rows
    std::size_t copied = 0;                    // slots
    forest::Subtree grown;
    std::vector<std::shared_ptr<forest::Quarantine>> put_off;  // within `grown`
  };

  bool Begin();
  void GrowAtOnce(forest::Quarantine& quarantine, forest::Subtree& subtree);
  void Collect();
  void Copy();
  void Grow();
  void CatchUp();
  void ApplyChanges(std::size_t begin, std::size_t end);
  // Where the quarantine stands in the forest; nothing if it does not any more.
  forest::Subtree* Find(const forest::Quarantine& quarantine) const;
  // Marks the large nodes above the place as changed.
  void Touch(const forest::Quarantine& quarantine) const;

  forest::Forest& forest_;
  forest::Records& records_;
  Backlog& backlog_;
  WriterLock& lock_;
  const StepLimits limits_;
  std::mutex steps_;  // guards what follows
  forest::Workspace workspace_;
  Updater updater_;
  std::unique_ptr<Job> job_;
};

}  // namespace hedgerow::unlearn
