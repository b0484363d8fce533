#include "unlearn/background.h"

namespace hedgerow::unlearn {
namespace {

// Then the task goes behind others that wait for the arena's threads.
constexpr int kStepsATask = 64;

}  // namespace

Background::~Background() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  idle_.wait(lock, [&] { return !running_; });
}

void Background::Wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    if (running_ || stopping_) return;
    running_ = true;
  }
  executor_.Enqueue([this] { Run(); });
}

void Background::Wait() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return !running_; });
}

void Background::WaitForMore() {
  std::unique_lock lock(mutex_);
  const std::uint64_t tasks = tasks_;
  more_.wait(lock, [&] { return !running_ || tasks_ != tasks; });
}

void Background::Run() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = false;
  }
  bool more = true;
  for (int i = 0; i < kStepsATask && more; ++i) more = step_();
  const std::lock_guard lock(mutex_);
  ++tasks_;
  more_.notify_all();
  if ((more || woken_) && !stopping_) {
    executor_.Enqueue([this] { Run(); });
    return;
  }
  running_ = false;
  idle_.notify_all();
}

}  // namespace hedgerow::unlearn
