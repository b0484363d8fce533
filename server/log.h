// The server's log: one line an event in logfmt, on standard error. Never holds a record's content, a person's id or a
// token.
//
//     time=2026-11-24T09:12:48.123Z level=warning event=slow method=forget request=8c1f3a52-... ms=31.2
//
// Thread rule: any thread. Lines are written by a thread of their own; where it cannot keep up, the oldest are dropped,
// so that no caller ever waits for the log.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hedgerow::server {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };
// "debug", "info", "warning", "error", "off"
std::optional<LogLevel> ParseLogLevel(std::string_view name);

// Names and values, in order; a value is quoted where it has to be.
using Fields = std::vector<std::pair<std::string_view, std::string>>;
// "event=slow method=forget"
std::string ToLogfmt(std::string_view event, const Fields& fields);

class Log {
 public:
  explicit Log(LogLevel level);
  // Writes out what is there.
  ~Log();

  bool Wants(LogLevel level) const;
  void Write(LogLevel level, std::string_view event, const Fields& fields = {});
  void Debug(std::string_view event, const Fields& fields = {}) { Write(LogLevel::kDebug, event, fields); }
  void Info(std::string_view event, const Fields& fields = {}) { Write(LogLevel::kInfo, event, fields); }
  void Warn(std::string_view event, const Fields& fields = {}) { Write(LogLevel::kWarning, event, fields); }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hedgerow::server
