// How long something takes.
//
// Thread rule: a value.
#pragma once

#include <chrono>

namespace hedgerow::storage {

class Stopwatch {
 public:
  double Microseconds() const {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace hedgerow::storage
