// Runs the steps of background work on an arena, whenever there are any.
//
// Thread rule: self-synchronised.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

#include "forest/background_executor.h"

namespace hedgerow::unlearn {

class Background {
 public:
  // `step` does a little and says whether there was anything to do. `arena` must outlive this object.
  Background(forest::BackgroundExecutor& executor, std::function<bool()> step)
      : executor_(executor), step_(std::move(step)) {}
  // Waits for the step that is being done; what is left stays undone.
  ~Background();

  // There is something to do.
  void Wake();
  // Waits until there is nothing to do.
  void Wait();
  // Waits until some more is done, or there is nothing to do.
  void WaitForMore();

 private:
  void Run();

  forest::BackgroundExecutor& executor_;
  const std::function<bool()> step_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable idle_;
  std::condition_variable more_;
  std::uint64_t tasks_ = 0;  // that have ended
  bool running_ = false;     // a task is in the arena
  bool woken_ = false;       // since the task looked last
  bool stopping_ = false;
};

}  // namespace hedgerow::unlearn
