// The lock around a model's forest and records. Updates come first; but background work that waits gets its turn after
// each of them, else updates that follow each other closely would keep it out for good.
//
// Thread rule: self-synchronised.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>

namespace hedgerow::unlearn {

class WriterLock {
 public:
  // For an update. A step of background work lasts for microseconds, so it is worth waiting for awake.
  std::unique_lock<std::mutex> First() {
    for (int i = 0; i < kSpins && owed_ && asking_; ++i) Pause();
    ++waiting_;
    std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
    for (int i = 0; i < kSpins && !lock.owns_lock(); ++i) {
      Pause();
      lock.try_lock();
    }
    if (!lock.owns_lock()) lock.lock();
    --waiting_;
    owed_ = true;
    return lock;
  }

  // For a step of background work.
  std::unique_lock<std::mutex> After() {
    asking_ = true;
    while (waiting_ != 0 && !owed_) std::this_thread::yield();
    std::unique_lock<std::mutex> lock(mutex_);
    asking_ = false;
    owed_ = false;
    return lock;
  }

  // For whoever looks something up meanwhile (forest/workspace.h).
  std::mutex& mutex() { return mutex_; }

 private:
  // About 20 us.
  static constexpr int kSpins = 500;
  static void Pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  std::mutex mutex_;
  std::atomic<int> waiting_ = 0;
  std::atomic<bool> asking_ = false;  // a step waits
  std::atomic<bool> owed_ = false;    // an update has been made since the last step
};

}  // namespace hedgerow::unlearn
