#include "cli/latency_histogram.h"

#include <bit>
#include <cmath>

namespace hedgerow::cli {

LatencyHistogram::LatencyHistogram() : buckets_(std::make_unique<std::atomic<std::uint64_t>[]>(kBuckets)) {}

// Small values have a bucket each; above, the highest kSubBits + 1 bits decide.
std::size_t LatencyHistogram::BucketOf(std::uint64_t ns) {
  const unsigned width = static_cast<unsigned>(std::bit_width(ns));
  if (width <= kSubBits + 1) return ns;
  const unsigned shift = width - kSubBits - 1;
  return (std::size_t{shift} << kSubBits) + (ns >> shift);
}

std::uint64_t LatencyHistogram::UpperBound(std::size_t bucket) {
  if (bucket < (std::size_t{2} << kSubBits)) return bucket;
  const std::size_t shift = (bucket >> kSubBits) - 1;
  const std::uint64_t top = bucket - (shift << kSubBits);
  return ((top + 1) << shift) - 1;
}

void LatencyHistogram::Record(std::uint64_t ns) {
  buckets_[BucketOf(ns)].fetch_add(1, std::memory_order_relaxed);
  std::uint64_t max = max_ns_.load(std::memory_order_relaxed);
  while (ns > max && !max_ns_.compare_exchange_weak(max, ns)) {
  }
}

std::uint64_t LatencyHistogram::count() const {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) count += buckets_[i].load(std::memory_order_relaxed);
  return count;
}

double LatencyHistogram::QuantileUs(double share) const {
  const std::uint64_t all = count();
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i].load(std::memory_order_relaxed);
    if (seen >= rank && seen != 0) return std::min(static_cast<double>(UpperBound(i)) * 1e-3, MaxUs());
  }
  return 0;
}

}  // namespace hedgerow::cli
