#include "forest/executor.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "forest/background_executor.h"

namespace hedgerow::forest {
namespace {

class SerialExecutor : public Executor {
 public:
  void ParallelFor(std::size_t n, const std::function<void(std::size_t)>& body) override {
    for (std::size_t i = 0; i < n; ++i) body(i);
  }
  unsigned threads() const override { return 1; }
};

class ThreadExecutor : public Executor {
 public:
  explicit ThreadExecutor(unsigned threads) : threads_(threads) {}

  void ParallelFor(std::size_t n, const std::function<void(std::size_t)>& body) override {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (std::size_t i = next++; i < n; i = next++) body(i);
    };
    std::vector<std::thread> others;
    for (unsigned t = 1; t < threads_ && t < n; ++t) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
  }
  unsigned threads() const override { return threads_; }

 private:
  unsigned threads_;
};

class ThreadBackground : public BackgroundExecutor {
 public:
  ThreadBackground() : thread_([this] { Run(); }) {}
  ~ThreadBackground() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    more_.notify_one();
    thread_.join();
  }

  void Enqueue(std::function<void()> task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    more_.notify_one();
  }

 private:
  void Run() {
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

std::unique_ptr<BackgroundExecutor> MakeThreadBackground() {
  return std::make_unique<ThreadBackground>();
}

std::unique_ptr<Executor> MakeSerialExecutor() {
  return std::make_unique<SerialExecutor>();
}

std::unique_ptr<Executor> MakeThreadExecutor(unsigned threads) {
  return std::make_unique<ThreadExecutor>(threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace hedgerow::forest
