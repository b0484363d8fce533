// How long things lasted: enough to tell quantiles to within a fifth, in memory that does not grow.
//
// Thread rule: a value.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hedgerow::unlearn {

class Durations {
 public:
  void Add(std::chrono::nanoseconds duration);
  std::uint64_t count() const;
  // The duration that this share of all did not exceed, in microseconds and rounded up; 0 without any.
  double QuantileUs(double share) const;

 private:
  // So many buckets between a duration and twice as much, from a microsecond on.
  static constexpr std::size_t kPerDoubling = 4;
  std::array<std::uint64_t, 40 * kPerDoubling> counts_{};
};

}  // namespace hedgerow::unlearn
