// A thread with a KJ event loop, to which other threads give jobs.
//
// Thread rule: Post and Run from any thread but the loop's own (Post from there too); io() on the loop's thread
// alone. Whatever lives on the loop must be destroyed by a job before the loop stops.
#pragma once

#include <kj/async-io.h>
#include <kj/async-unix.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hedgerow::server {

class LoopThread {
 public:
  // The name is the thread's, at most 15 bytes.
  explicit LoopThread(const std::string& name);
  ~LoopThread();

  // Runs the job on the loop's thread, after those that were posted before. Never blocks. After Stop the job is
  // dropped, so nothing may depend on it.
  void Post(std::function<void()> job);
  // The same, and waits until it is done.
  void Run(const std::function<void()>& job);
  // Does what was posted, and ends.
  void Stop();

  kj::AsyncIoContext& io() { return *io_; }
  kj::Timer& timer() { return io_->provider->getTimer(); }

 private:
  void Main();
  bool RunPosted();

  const int wake_fd_;
  std::mutex mutex_;
  std::condition_variable started_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
  bool stopping_ = false;                      // guarded by mutex_
  kj::AsyncIoContext* io_ = nullptr;           // of the thread; set before the constructor returns
  std::thread thread_;
};

// A promise of the loop that another thread fulfils: `start` gets a function to be called once, from any thread. The
// value comes on the heap: GCC 12 takes a variant within KJ's promises for uninitialised.
template <class T, class Start>
kj::Promise<kj::Own<T>> Bridge(LoopThread& loop, const Start& start) {
  auto pair = kj::newPromiseAndFulfiller<kj::Own<T>>();
  auto fulfiller = std::make_shared<kj::Own<kj::PromiseFulfiller<kj::Own<T>>>>(kj::mv(pair.fulfiller));
  start([&loop, fulfiller](T value) {
    auto moved = std::make_shared<kj::Own<T>>(kj::heap<T>(std::move(value)));
    loop.Post([fulfiller, moved] {
      // Moved out here: whoever drops the last copy of this function may be on another thread.
      kj::Own<kj::PromiseFulfiller<kj::Own<T>>> own = kj::mv(*fulfiller);
      own->fulfill(kj::mv(*moved));
    });
  });
  return kj::mv(pair.promise);
}

}  // namespace hedgerow::server
