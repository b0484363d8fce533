#include "unlearn/durations.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hedgerow::unlearn {

void Durations::Add(std::chrono::nanoseconds duration) {
  const double us = std::max(1.0, std::chrono::duration<double, std::micro>(duration).count());
  const auto bucket = static_cast<std::size_t>(std::log2(us) * kPerDoubling);
  ++counts_[std::min(bucket, counts_.size() - 1)];
}

std::uint64_t Durations::count() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

double Durations::QuantileUs(double share) const {
  const std::uint64_t all = count();
  if (all == 0) return 0;
  const double wanted = share * static_cast<double>(all);
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  for (; bucket + 1 < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen != 0 && static_cast<double>(seen) >= wanted) break;
  }
  return std::exp2(static_cast<double>(bucket + 1) / kPerDoubling);
}

}  // namespace hedgerow::unlearn
