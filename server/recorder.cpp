#include "server/recorder.h"

#include <fmt/format.h>

namespace hedgerow::server {
namespace {

constexpr const char* kRequests = "hedgerow_requests_total";
constexpr const char* kRequestsHelp = "Requests by result: done, refused (the caller's or the load's doing), failed";

// The server's own failures; everything else is an answer that callers have to expect.
bool Failed(ErrorCode code) {
  return code == ErrorCode::kIo || code == ErrorCode::kStoreDamaged || code == ErrorCode::kStoreUnavailable;
}

}  // namespace

Method::Method(Metrics& metrics, Log& log, std::chrono::microseconds slow, std::string transport, std::string name)
    : log_(log),
      slow_us_(static_cast<double>(slow.count())),
      transport_(std::move(transport)),
      name_(std::move(name)),
      seconds_(metrics.AddHistogram("hedgerow_request_seconds", "Time from reading a request to its answer",
                                    {{"transport", transport_}, {"method", name_}})),
      done_(metrics.AddCounter(kRequests, kRequestsHelp,
                               {{"transport", transport_}, {"method", name_}, {"result", "done"}})),
      refused_(metrics.AddCounter(kRequests, kRequestsHelp,
                                  {{"transport", transport_}, {"method", name_}, {"result", "refused"}})),
      failed_(metrics.AddCounter(kRequests, kRequestsHelp,
                                 {{"transport", transport_}, {"method", name_}, {"result", "failed"}})) {}

void Method::Record(Clock::time_point start, const Status& status, std::string_view request_id) {
  const double us = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
  seconds_.Observe(us);
  if (status) {
    done_.Add();
    if (us >= slow_us_) Write(LogLevel::kWarning, "slow", us, status, request_id);
    return;
  }
  const bool failed = Failed(status.error().code);
  (failed ? failed_ : refused_).Add();
  Write(failed ? LogLevel::kError : LogLevel::kInfo, failed ? "failed" : "refused", us, status, request_id);
}

void Method::Write(LogLevel level, std::string_view event, double us, const Status& status,
                   std::string_view request_id) {
  if (!log_.Wants(level)) return;
  Fields fields = {{"transport", transport_}, {"method", name_}, {"ms", fmt::format("{:.3f}", us * 1e-3)}};
  if (!request_id.empty()) fields.emplace_back("request", request_id);
  if (!status) {
    fields.emplace_back("code", ErrorCodeName(status.error().code));
    fields.emplace_back("message", status.error().message);
  }
  log_.Write(level, event, fields);
}

}  // namespace hedgerow::server
