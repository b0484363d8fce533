// Copies of the live records that are worked on outside the lock of updates. What updates remove meanwhile is still in
// a copy, so nobody may say that the memory has nothing of it before the copy is gone.
//
// Thread rule: any thread at any time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>

namespace hedgerow::storage {

class HeldCopies {
 public:
  // Held while a copy is there: declared before the copy, it goes after it. The HeldCopies must outlive it.
  class Hold {
   public:
    Hold(HeldCopies& copies, std::uint64_t sequence) : copies_(copies) {
      const std::lock_guard lock(copies_.mutex_);
      at_ = copies_.sequences_.insert(sequence);
    }
    ~Hold() {
      const std::lock_guard lock(copies_.mutex_);
      copies_.sequences_.erase(at_);
      copies_.fewer_.notify_all();
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    HeldCopies& copies_;
    std::multiset<std::uint64_t>::iterator at_;
  };

  // Waits until no copy is there that was made before update number `sequence`. Those that are made now do not matter.
  void AwaitNoneBefore(std::uint64_t sequence) {
    std::unique_lock lock(mutex_);
    fewer_.wait(lock, [&] { return sequences_.empty() || *sequences_.begin() >= sequence; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable fewer_;
  std::multiset<std::uint64_t> sequences_;  // the updates as of which there are copies
};

}  // namespace hedgerow::storage
