// Who does the work: one thread, plain threads, or oneTBB. The result never depends on it.
//
// The interface keeps oneTBB out of the algorithms, and out of the ThreadSanitizer builds, which report false
// races inside the system's library.
//
// Thread rule: ParallelFor is called from one thread at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace hedgerow::forest {

class Executor {
 public:
  virtual ~Executor() = default;
  // Runs body(0) ... body(n - 1), each once, in any order and on any thread, and returns when all are done.
  // The body must not throw.
  virtual void ParallelFor(std::size_t n, const std::function<void(std::size_t)>& body) = 0;
  virtual unsigned threads() const = 0;
};

// Everything on the calling thread.
std::unique_ptr<Executor> MakeSerialExecutor();
// `threads` std::threads a call (0: as many as the machine has).
std::unique_ptr<Executor> MakeThreadExecutor(unsigned threads);
// oneTBB with at most `threads` threads (0: as many as the machine has).
std::unique_ptr<Executor> MakeTbbExecutor(unsigned threads);

}  // namespace hedgerow::forest
