// The one file that talks to oneTBB.
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <utility>

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

}  // namespace

std::unique_ptr<Executor> MakeTbbExecutor(unsigned threads) {
  return std::make_unique<TbbExecutor>(threads != 0 ? threads
                                                    : static_cast<unsigned>(tbb::info::default_concurrency()));
}

}  // namespace hedgerow::forest
