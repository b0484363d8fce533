// Threads for work that nobody waits for.
//
// Thread rule: self-synchronised.
#pragma once

#include <functional>
#include <memory>

namespace hedgerow::forest {

class BackgroundExecutor {
 public:
  // Waits until all tasks are done.
  virtual ~BackgroundExecutor() = default;
  // Runs the task some time, on some thread, one after the other. It must not throw.
  virtual void Enqueue(std::function<void()> task) = 0;
};

// An arena of oneTBB of low priority: its threads do this when training and batches of predictions leave them time.
std::unique_ptr<BackgroundExecutor> MakeTbbBackground();
// A std::thread of its own: for the ThreadSanitizer, as in executor.h.
std::unique_ptr<BackgroundExecutor> MakeThreadBackground();

}  // namespace hedgerow::forest
