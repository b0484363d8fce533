// Latencies: every one is kept, and told by its quantiles, never by a mean alone.
//
// Thread rule: plain values.
#pragma once

#include <string>
#include <vector>

#include "bench/report.h"
#include "datasets/stopwatch.h"

namespace hedgerow::bench {

using datasets::SteadyNs;
using datasets::Stopwatch;

class Latencies {
 public:
  void Add(double microseconds) { all_.push_back(microseconds); }
  void Add(const Latencies& more) { all_.insert(all_.end(), more.all_.begin(), more.all_.end()); }
  std::size_t size() const { return all_.size(); }
  // The smallest value that at least this share of all does not exceed; 0 without values.
  double Quantile(double share) const;
  // Adds "NAME p50 us", p90, p99, p99.9 and max.
  void Describe(const std::string& name, Row& row) const;
  // Pairs of a latency and the share of all that were slower, from the fastest to the slowest: the distribution's tail.
  Row Tail() const;

 private:
  mutable std::vector<double> all_;
};

}  // namespace hedgerow::bench
