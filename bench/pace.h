// Doing something at a steady rate.
//
// Thread rule: one thread.
#pragma once

#include <time.h>

#include <cstdint>

namespace hedgerow::bench {

// Waits for moments that lie evenly in time; a late caller does not wait, so no moment is left out.
class Pace {
 public:
  explicit Pace(double per_second) : period_ns_(per_second > 0 ? 1e9 / per_second : 0) {
    clock_gettime(CLOCK_MONOTONIC, &start_);
  }
  void Next() {
    if (period_ns_ == 0) return;
    const double ns = period_ns_ * static_cast<double>(++count_);
    timespec at = start_;
    at.tv_sec += static_cast<time_t>(ns / 1e9);
    at.tv_nsec += static_cast<long>(ns - 1e9 * static_cast<double>(static_cast<time_t>(ns / 1e9)));
    if (at.tv_nsec >= 1'000'000'000) {
      ++at.tv_sec;
      at.tv_nsec -= 1'000'000'000;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
  }

 private:
  double period_ns_;
  timespec start_{};
  std::uint64_t count_ = 0;
};

}  // namespace hedgerow::bench
