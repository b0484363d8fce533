// What is counted and logged of each request: how long it took and how it ended, by transport and method.
//
// Thread rule: recording may be done from any thread; methods are added before.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "datasets/result.h"
#include "server/log.h"
#include "server/metrics.h"

namespace hedgerow::server {

class Method {
 public:
  Method(Metrics& metrics, Log& log, std::chrono::microseconds slow, std::string transport, std::string name);

  using Clock = std::chrono::steady_clock;
  // `request_id` may be empty; `status` tells how it ended. Slow and failed requests get a line in the log.
  void Record(Clock::time_point start, const Status& status, std::string_view request_id = "");

 private:
  void Write(LogLevel level, std::string_view event, double us, const Status& status, std::string_view request_id);

  Log& log_;
  const double slow_us_;
  const std::string transport_, name_;
  Histogram& seconds_;
  Counter &done_, &refused_, &failed_;
};

}  // namespace hedgerow::server
