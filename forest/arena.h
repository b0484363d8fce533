// Threads for work that nobody waits for: an arena of low priority.
//
// Thread rule: self-synchronised.
#pragma once

#include <functional>
#include <memory>

namespace hedgerow::forest {

class Arena {
 public:
  // Waits until all tasks are done.
  virtual ~Arena() = default;
  // Runs the task some time, on some thread, one after the other. It must not throw.
  virtual void Enqueue(std::function<void()> task) = 0;
};

// oneTBB: its threads do this when training and batches of predictions leave them time.
std::unique_ptr<Arena> MakeTbbArena();
// A std::thread of its own: for the ThreadSanitizer, as in executor.h.
std::unique_ptr<Arena> MakeThreadArena();

}  // namespace hedgerow::forest
