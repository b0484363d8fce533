// Somebody who asks a model for predictions at a steady rate, on a thread of his own.
//
// Thread rule: the model may be updated meanwhile; the rest is one thread's.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "bench/data.h"
#include "bench/quantiles.h"
#include "unlearn/model.h"

namespace hedgerow::bench {

class SteadyReader {
 public:
  struct Answers {
    Latencies latencies;
    std::uint64_t right = 0;  // answers whose likeliest class is the row's
    double accuracy() const { return static_cast<double>(right) / static_cast<double>(latencies.size()); }
  };

  // Asks for rows of the test set, from the beginning, until it is stopped.
  SteadyReader(const Data& data, const unlearn::Model& model, double per_second);
  Answers Stop();

 private:
  void Run(const Data& data, const unlearn::Model& model, double per_second);

  std::atomic<bool> stop_ = false;
  Answers answers_;
  std::thread thread_;
};

}  // namespace hedgerow::bench
