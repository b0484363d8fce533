#include "forest/background_executor.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace hedgerow::forest {
namespace {

class ThreadBackground : public BackgroundExecutor {
 public:
  explicit ThreadBackground(std::function<void()> first) : thread_([this, first = std::move(first)] { Run(first); }) {}
  ~ThreadBackground() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    more_.notify_one();
    thread_.join();
  }

  void Enqueue(std::function<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    more_.notify_one();
  }

 private:
  void Run(const std::function<void()>& first) {
    if (first) first();
    std::unique_lock lock(mutex_);
    while (true) {
      more_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;  // guards the next three
  std::condition_variable more_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<BackgroundExecutor> MakeBackgroundExecutor(std::function<void()> first) {
  return std::make_unique<ThreadBackground>(std::move(first));
}

}  // namespace hedgerow::forest
