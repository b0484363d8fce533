#include "bench/quantiles.h"

#include <algorithm>
#include <cmath>

namespace hedgerow::bench {

double Latencies::Quantile(double share) const {
  if (all_.empty()) return 0;
  std::sort(all_.begin(), all_.end());
  const double rank = std::ceil(share * static_cast<double>(all_.size()));
  return all_[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

void Latencies::Describe(const std::string& name, Row& row) const {
  row[name + " p50 us"] = Quantile(0.5);
  row["p90"] = Quantile(0.9);
  row["p99"] = Quantile(0.99);
  row["p99.9"] = Quantile(0.999);
  row["max"] = Quantile(1);
}

Row Latencies::Tail() const {
  Row points = Row::array();
  if (all_.empty()) return points;
  constexpr double kStep = 0.93;  // each point is that of 7 % fewer: even steps on a logarithmic scale
  const double least = 1 / static_cast<double>(all_.size());
  for (double slower = 1; slower >= least; slower *= kStep) points.push_back({Quantile(1 - slower), slower});
  return points;
}

}  // namespace hedgerow::bench
