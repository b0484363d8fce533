// The one file that talks to oneTBB.
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <condition_variable>
#include <mutex>
#include <utility>

#include "forest/background_executor.h"
#include "forest/executor.h"

namespace hedgerow::forest {
namespace {

class TbbExecutor : public Executor {
 public:
  explicit TbbExecutor(unsigned threads) : threads_(threads), arena_(static_cast<int>(threads)) {}

  void ParallelFor(std::size_t n, const std::function<void(std::size_t)>& body) override {
    arena_.execute([&] {
      // One index a task: a tree or a batch of rows is work enough.
      tbb::parallel_for(
          tbb::blocked_range<std::size_t>(0, n, 1),
          [&](const tbb::blocked_range<std::size_t>& range) {
            for (std::size_t i = range.begin(); i < range.end(); ++i) body(i);
          },
          tbb::simple_partitioner());
    });
  }
  unsigned threads() const override { return threads_; }

 private:
  unsigned threads_;
  tbb::task_arena arena_;
};

class TbbBackground : public BackgroundExecutor {
 public:
  ~TbbBackground() override {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return tasks_ == 0; });
  }

  void Enqueue(std::function<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      ++tasks_;
    }
    arena_.enqueue([this, task = std::move(task)] {
      task();
      const std::lock_guard lock(mutex_);
      --tasks_;
      done_.notify_all();
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  std::size_t tasks_ = 0;  // guarded by mutex_
  // One thread, and no place for threads that do not come from oneTBB: they have better things to do.
  tbb::task_arena arena_{1, 0, tbb::task_arena::priority::low};
};

}  // namespace

std::unique_ptr<BackgroundExecutor> MakeTbbBackground() {
#ifdef HEDGEROW_SANITIZED  // the thread sanitizer cannot see into the system's oneTBB: false reports
  return MakeThreadBackground();
#else
  return std::make_unique<TbbBackground>();
#endif
}

std::unique_ptr<Executor> MakeTbbExecutor(unsigned threads) {
  return std::make_unique<TbbExecutor>(threads != 0 ? threads
                                                    : static_cast<unsigned>(tbb::info::default_concurrency()));
}

}  // namespace hedgerow::forest
