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

// A thread of its own. `first` is what it does first: StayBehind (datasets/thread_priority.h), where others matter
// more. An arena of oneTBB of low priority was measured to be worse: its thread goes on looking for work for a while
// before it sleeps, in the way of whoever answers callers.
std::unique_ptr<BackgroundExecutor> MakeBackgroundExecutor(std::function<void()> first = {});

}  // namespace hedgerow::forest
