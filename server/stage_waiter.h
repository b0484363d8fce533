// Waits on behalf of many until updates have reached one stage: a thread that asks the store once for all who wait.
//
// Thread rule: any thread may call; answers come on the waiter's own thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "datasets/result.h"

namespace hedgerow::server {

class StageWaiter {
 public:
  using Done = std::function<void(Status)>;
  // `await` blocks until the update with this number has reached the stage.
  using Await = std::function<Status(std::uint64_t sequence)>;
  StageWaiter(const std::string& name, std::size_t limit, Await await);
  // Answers whoever waits, and ends.
  ~StageWaiter();

  // False, and `done` is not called, when too many wait or the waiter stops.
  bool TryWait(std::uint64_t sequence, Done done);
  std::size_t depth() const;
  void Stop();

 private:
  struct Entry {
    std::uint64_t sequence = 0;
    Done done;
  };
  void Run();

  const std::size_t limit_;
  const Await await_;
  mutable std::mutex mutex_;
  std::condition_variable wakes_;
  std::vector<Entry> entries_;  // guarded by mutex_
  std::size_t depth_ = 0;       // guarded by mutex_: with those that are being waited for
  bool stopping_ = false;       // guarded by mutex_
  std::thread thread_;
};

}  // namespace hedgerow::server
