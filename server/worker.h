// A thread with a bounded queue of jobs, done one after the other.
//
// Thread rule: any thread may post; jobs run on the worker's own thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace hedgerow::server {

class Worker {
 public:
  struct Limits {
    std::size_t jobs = 1024;
    std::size_t bytes = 64U << 20U;  // of what the waiting jobs hold
  };
  // The name is the thread's, at most 15 bytes; `first` is what it does first.
  Worker(const std::string& name, const Limits& limits, std::function<void()> first = {});
  // Stops.
  ~Worker();

  // False, and the job is not taken, when the queue is full or the worker stops.
  bool TryPost(std::function<void()> job, std::size_t bytes = 0);
  std::size_t depth() const;
  // Does what was taken, and ends. Not from a job.
  void Stop();

 private:
  void Run(const std::function<void()>& first);

  struct Job {
    std::function<void()> run;
    std::size_t bytes = 0;
  };
  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable wakes_;
  std::deque<Job> jobs_;   // guarded by mutex_
  std::size_t bytes_ = 0;  // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace hedgerow::server
