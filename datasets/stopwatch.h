// How long something takes.
//
// Thread rule: a value.
#pragma once

#include <chrono>
#include <cstdint>

namespace hedgerow::datasets {

// Of a clock that never goes back.
inline std::uint64_t SteadyNs() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

class Stopwatch {
 public:
  double Seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  double Microseconds() const { return Seconds() * 1e6; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace hedgerow::datasets
