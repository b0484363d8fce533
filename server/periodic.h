// Something that is done again and again, on a thread of its own.
//
// Thread rule: self-synchronised.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace hedgerow::server {

class Periodic {
 public:
  // `work` is called after each `interval`, the first time after one.
  Periodic(std::chrono::milliseconds interval, std::function<void()> work);
  // Waits for the call that is being made.
  ~Periodic();

 private:
  void Run();

  const std::chrono::milliseconds interval_;
  const std::function<void()> work_;
  std::mutex mutex_;
  std::condition_variable stops_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // the last one: it uses the others
};

}  // namespace hedgerow::server
