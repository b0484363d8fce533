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
// more. What speaks for it and against it, compared with an arena of oneTBB: docs/unlearning.md, "Regrowth".
std::unique_ptr<BackgroundExecutor> MakeBackgroundExecutor(std::function<void()> first = {});

}  // namespace hedgerow::forest
