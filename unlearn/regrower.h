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
#include "unlearn/background_parts.h"
#include "unlearn/durations.h"
#include "unlearn/places.h"
#include "unlearn/row_copies.h"
#include "unlearn/step_limits.h"
#include "unlearn/update.h"

namespace hedgerow::unlearn {

class Regrower {
 public:
  Regrower(const BackgroundParts& parts, const StepLimits& limits);

  // Does a little. False: there was nothing to do.
  bool Step();
  // How long quarantines lasted that were lifted. With the writer's lock held.
  const Durations& lasted() const { return lasted_; }

 private:
  // A large place on its way.
  struct Job {
    std::shared_ptr<forest::Quarantine> quarantine;
    enum class Phase : std::uint8_t { kCollect, kCopy, kGrow, kCatchUp } phase = Phase::kCollect;
    std::vector<forest::Quarantine::Change> known;  // the changes that `copies` takes account of
    std::size_t applied = 0;                        // so many of all changes are in `grown`
    RowCopies copies;
    forest::Subtree grown;
    std::vector<std::shared_ptr<forest::Quarantine>> put_off;  // within `grown`
  };

  bool Begin();
  forest::Subtree GrowAtOnce(const forest::Quarantine& quarantine);
  void Collect();
  void Copy();
  void Grow();
  void CatchUp();
  void PutInPlace(forest::Quarantine& piece, const Way& way);
  using Quarantines = std::vector<std::shared_ptr<forest::Quarantine>>;
  void PutPiecesOff(const forest::Quarantine& whole, forest::Subtree& grown, Quarantines& put_off) const;
  void ApplyChanges(const forest::Quarantine& quarantine, std::size_t begin, std::size_t end, forest::Subtree& grown,
                    Quarantines& put_off);
  Way Find(const forest::Quarantine& quarantine) const;
  void Replace(const forest::Quarantine& quarantine, const Way& way, forest::Subtree grown);

  forest::Forest& forest_;
  forest::Records& records_;
  Backlog& backlog_;
  Published& published_;
  WriterLock& lock_;
  Durations lasted_;  // guarded by the writer's lock
  const StepLimits limits_;
  std::mutex steps_;  // guards what follows
  forest::Workspace workspace_;
  Updater updater_;
  std::unique_ptr<Job> job_;
};

}  // namespace hedgerow::unlearn
