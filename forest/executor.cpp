#include "forest/executor.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

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

}  // namespace

std::unique_ptr<Executor> MakeSerialExecutor() {
  return std::make_unique<SerialExecutor>();
}

std::unique_ptr<Executor> MakeThreadExecutor(unsigned threads) {
  return std::make_unique<ThreadExecutor>(threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace hedgerow::forest
