#include "forest/background_executor.h"

#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace hedgerow::forest {
namespace {

// A tenth of what another thread gets where both want the same processor.
constexpr int kNice = 10;

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
    StayBehind();
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

void StayBehind() {
  // On Linux this is of one thread. Where it is refused, the thread competes with the others, and nothing else changes.
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
}

std::unique_ptr<BackgroundExecutor> MakeBackgroundExecutor() {
  return std::make_unique<ThreadBackground>();
}

}  // namespace hedgerow::forest
