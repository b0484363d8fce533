#include "server/worker.h"

#include <pthread.h>

#include <utility>

namespace hedgerow::server {

Worker::Worker(const std::string& name, const Limits& limits, std::function<void()> first)
    : limits_(limits), thread_([this, first = std::move(first)] { Run(first); }) {
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

Worker::~Worker() {
  Stop();
}

bool Worker::TryPost(std::function<void()> job, std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    const bool full = jobs_.size() >= limits_.jobs || (bytes_ != 0 && bytes_ + bytes > limits_.bytes);
    if (stopping_ || full) return false;
    jobs_.push_back({std::move(job), bytes});
    bytes_ += bytes;
  }
  wakes_.notify_one();
  return true;
}

std::size_t Worker::depth() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

void Worker::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wakes_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Worker::Run(const std::function<void()>& first) {
  if (first) first();
  std::unique_lock lock(mutex_);
  while (true) {
    wakes_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    bytes_ -= job.bytes;
    lock.unlock();
    job.run();
    job.run = nullptr;  // what it holds goes before the next one
    lock.lock();
  }
}

}  // namespace hedgerow::server
