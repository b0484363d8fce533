// How often which latency was seen, in buckets that grow with the value, so that every quantile is right to within 1 %
// (the idea of HdrHistogram, Tene).
//
// Thread rule: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace hedgerow::cli {

class LatencyHistogram {
 public:
  LatencyHistogram();
  void Record(std::uint64_t ns);
  std::uint64_t count() const;
  // The value that this share of the recorded ones do not exceed, in microseconds; 0 without any.
  double QuantileUs(double share) const;
  double MaxUs() const { return static_cast<double>(max_ns_.load()) * 1e-3; }

 private:
  static constexpr unsigned kSubBits = 7;  // 128 buckets a power of two
  static constexpr std::size_t kBuckets = (64 - kSubBits + 1) << kSubBits;
  static std::size_t BucketOf(std::uint64_t ns);
  static std::uint64_t UpperBound(std::size_t bucket);

  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
  std::atomic<std::uint64_t> max_ns_ = 0;
};

}  // namespace hedgerow::cli
