// Keeps hedges: grows them for the nodes whose splits are least robust, and tells them what came and went
// (docs/unlearning.md, "Hedges").
//
// Thread rule: Step may be called from any thread, one at a time; the rest wants the writer's lock.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "forest/forest.h"
#include "forest/grow.h"
#include "forest/hedge.h"
#include "forest/records.h"
#include "forest/workspace.h"
#include "unlearn/background_parts.h"
#include "unlearn/places.h"
#include "unlearn/row_copies.h"
#include "unlearn/step_limits.h"
#include "unlearn/update.h"

namespace hedgerow::unlearn {

struct HedgeOptions {
  // A node of at least so many records is hedged when its split survives fewer removals than `horizon` for certain.
  // A horizon of 0: no hedges. Larger nodes than `max_records` get none: listing their records would hold up updates.
  std::uint32_t min_records = 4096;
  std::uint32_t max_records = 20'000;
  std::uint64_t horizon = 0;
  // For all hedges together. The least robust splits' come first.
  std::size_t memory_bytes = std::size_t{64} << 20;
};

class Hedger {
 public:
  // `now`: nanoseconds, as for Regrower.
  Hedger(const BackgroundParts& parts, const HedgeOptions& options, const StepLimits& limits,
         std::function<std::uint64_t()> now);

  // Takes over what an update found out.
  void Follow(const Deferral& deferral);
  // Does a little. False: there was nothing to do.
  bool Step();
  // Grows the hedge of every node that needs one: for a model that was just trained or opened.
  void WishForAll();

  // How many there are, and their memory, about.
  struct Sum {
    std::size_t hedges = 0, bytes = 0;
  };
  Sum Count();

 private:
  struct Job {
    enum class Phase : std::uint8_t { kCopy, kGrow, kAttach } phase = Phase::kCopy;
    std::weak_ptr<forest::Hedge> hedge;
    std::uint32_t tree = 0;
    forest::Place place;
    forest::Split split;
    RowCopies copies;
    forest::GrownSides grown;
  };
  bool Begin();
  bool BeginAt(const Wish& wish, std::vector<std::shared_ptr<forest::Hedge>>& dropped);
  void Copy();
  void Grow();
  void Attach();
  void CatchUpSome();
  // Whether there is room for so many bytes beside hedges that need it more; makes it. What has to go is to be freed
  // without the lock.
  bool MakeRoom(std::size_t bytes, std::uint64_t slack, std::vector<std::shared_ptr<forest::Hedge>>& dropped);
  Way FindNode(const Wish& wish) const;
  // The node that has this hedge.
  Way FindHedged(const forest::Hedge& hedge) const;

  forest::Forest& forest_;
  forest::Records& records_;
  Backlog& backlog_;
  WriterLock& lock_;
  const HedgeOptions options_;
  const StepLimits limits_;
  const std::function<std::uint64_t()> now_;
  // Guarded by the writer's lock.
  std::vector<Wish> wishes_;
  std::deque<std::weak_ptr<forest::Hedge>> lagging_;
  std::vector<std::weak_ptr<forest::Hedge>> kept_;
  std::vector<std::shared_ptr<forest::Hedge>> dropped_;  // by updates, to be freed

  std::mutex steps_;  // guards what follows
  forest::Workspace workspace_;
  Updater updater_;
  std::unique_ptr<Job> job_;
};

}  // namespace hedgerow::unlearn
