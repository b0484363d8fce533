#include "server/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace hedgerow::server {
namespace {

constexpr std::size_t kQueuedLines = 8'192;
constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error", "off"};

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  constexpr spdlog::level::level_enum kSpdlog[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                   spdlog::level::err, spdlog::level::off};
  return kSpdlog[static_cast<std::size_t>(level)];
}

bool Plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte < 127 && c != '"' && c != '=' && c != '\\';
}

void AppendValue(std::string_view value, std::string& line) {
  bool plain = !value.empty();
  for (const char c : value) plain = plain && Plain(c);
  if (plain) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else {
      line += byte < ' ' || byte == 127 ? ' ' : c;  // a line stays a line
    }
  }
  line += '"';
}

}  // namespace

struct Log::Impl {
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
};

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kLevels); ++i) {
    if (kLevels[i] == name) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

std::string ToLogfmt(std::string_view event, const Fields& fields) {
  std::string line = "event=";
  AppendValue(event, line);
  for (const auto& [name, value] : fields) {
    line += ' ';
    line += name;
    line += '=';
    AppendValue(value, line);
  }
  return line;
}

Log::Log(LogLevel level) : impl_(std::make_unique<Impl>()) {
  impl_->pool = std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1U);
  impl_->logger = std::make_shared<spdlog::async_logger>("hedgerow", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                                         impl_->pool, spdlog::async_overflow_policy::overrun_oldest);
  impl_->logger->set_pattern("time=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v", spdlog::pattern_time_type::utc);
  impl_->logger->set_level(ToSpdlog(level));
  impl_->logger->flush_on(spdlog::level::info);
}

Log::~Log() = default;

bool Log::Wants(LogLevel level) const {
  return impl_->logger->should_log(ToSpdlog(level));
}

void Log::Write(LogLevel level, std::string_view event, const Fields& fields) {
  if (Wants(level)) impl_->logger->log(ToSpdlog(level), ToLogfmt(event, fields));
}

}  // namespace hedgerow::server
