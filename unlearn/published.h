// The state of the model that predictions see (docs/predicting.md).
//
// An update changes the trees, then the layout in new places, and then one pointer: so a prediction sees the forest
// before the update or after it, never between, and one that starts after Publish has returned sees no trace of what
// was forgotten. Nobody waits: what the old state consists of is used again when its last reader has left.
//
// Thread rule: Read from any thread, beside one writer, who calls the rest.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "forest/layout.h"
#include "unlearn/readers.h"

namespace hedgerow::unlearn {

class Published {
 public:
  // Publishes the forest as it is. The forest outlives it, and has no other layout.
  Published(forest::Forest& forest, forest::Executor& executor, std::uint64_t sequence);

  // One state, held for as long as this object lives. Bounded, please: it holds up the memory of all later states.
  class Reading {
   public:
    const forest::View& operator*() const { return *view_; }
    const forest::View* operator->() const { return view_; }

   private:
    friend class Published;
    Reading(Readers::Visit visit, const forest::View& view) : visit_(std::move(visit)), view_(&view) {}
    Readers::Visit visit_;
    const forest::View* view_;
  };
  Reading Read() const;

  // From now on readings see the forest as it is now, under this sequence number.
  void Publish(std::uint64_t sequence);
  // The same under the present number, when the trees have changed but not the records.
  void PublishAgain() { Publish(own_current_->sequence()); }
  // Takes back what no reader knows any more, a few hundred parts at a time. Publish does so too, once. True: there is
  // more.
  bool Reclaim();

  std::size_t MemoryBytes() const { return layout_.MemoryBytes(); }
  // States that some reader may still know, the current one not counted.
  std::size_t held_states() const { return old_.size(); }

 private:
  // A state that is no longer current, and what left the layout with it.
  struct Old {
    std::unique_ptr<forest::View> view;
    forest::Retired retired;
    std::uint64_t until = 0;  // the grace period
  };

  // Finds the states whose last reader has left.
  void TakeBack();

  forest::Layout layout_;
  mutable Readers readers_;
  std::atomic<const forest::View*> current_ = nullptr;
  std::unique_ptr<forest::View> own_current_;
  std::deque<Old> old_;
  std::vector<Old> spare_;  // to be used again, with their memory
};

}  // namespace hedgerow::unlearn
