#include "server/http_routes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "server/http_infer.h"

namespace hedgerow::server {

namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr off_t kMaxLogFile = 16 << 20;

unsigned StatusOf(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUsage:
    case ErrorCode::kBadInput:
      return 400;
    case ErrorCode::kUnauthorised:
      return 401;
    case ErrorCode::kUnknownRecord:
      return 404;
    case ErrorCode::kNotYet:
      return 409;
    case ErrorCode::kOverloaded:
    case ErrorCode::kUnreachable:
      return 503;
    case ErrorCode::kStoreUnavailable:
    case ErrorCode::kStoreDamaged:
    case ErrorCode::kIo:
      break;
  }
  return 500;
}

Error NotFound() {
  return {ErrorCode::kUnknownRecord, "there is nothing here", "", "see docs/server.md for what there is"};
}

Status WantGet(const HttpRequest& request) {
  if (request.method == "GET") return {};
  return Error{ErrorCode::kUsage, "this is only read", "", "use GET"};
}

// Names of files and folders of letters, digits and "-_.", none beginning with a dot: nothing leads out.
bool SafePath(std::string_view path) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
  if (path.size() > 256 || path.find_first_not_of(kAllowed) != std::string_view::npos) return false;
  char before = '/';
  for (const char c : path) {
    if (before == '/' && (c == '/' || c == '.')) return false;
    before = c;
  }
  return before != '/';
}

Result<std::string> ReadLogFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return NotFound();
  struct stat at {};
  std::string content;
  bool read = ::fstat(file, &at) == 0 && S_ISREG(at.st_mode) && at.st_size <= kMaxLogFile;
  if (read) {
    content.resize(static_cast<std::size_t>(at.st_size));
    const ssize_t size = ::pread(file, content.data(), content.size(), 0);
    read = size >= 0;
    content.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  }
  ::close(file);
  if (!read) return NotFound();
  return content;
}

}  // namespace

HttpRoutes::HttpRoutes(Service& service, Access& access, Log& log, std::chrono::microseconds slow, std::string version)
    : service_(service),
      access_(access),
      version_(std::move(version)),
      other_(service.metrics(), log, slow, "http", "other"),
      infer_(service.metrics(), log, slow, "http", "infer") {}

HttpReply HttpRoutes::Answer(const HttpRequest& request) {
  const auto start = Method::Clock::now();
  const bool infers = request.target.ends_with("/infer");
  Result<HttpReply> reply = Route(request);
  (infers ? infer_ : other_).Record(start, reply ? Status() : reply.error());
  if (reply) return std::move(*reply);
  HttpReply error{.status = StatusOf(reply.error()), .body = ErrorBody(reply.error())};
  if (error.status == 503) error.retry_after_s = 1 + reply.error().retry_after_ms / 1'000;
  return error;
}

Roles HttpRoutes::RolesOf(std::string_view authorization) const {
  if (!authorization.starts_with(kBearer)) return {};
  const auto tokens = access_.tokens();
  const Grant* grant = tokens->Find(authorization.substr(kBearer.size()));
  return grant == nullptr ? Roles() : grant->roles;
}

Result<HttpReply> HttpRoutes::Route(const HttpRequest& request) {
  const std::string_view target = request.target;
  if (target == "/v2/health/live" || target == "/v2/health/ready") {
    if (Status status = WantGet(request); !status) return status.error();
    const bool ready = std::none_of(service_.stores().begin(), service_.stores().end(),
                                    [](const auto& store) { return store->draining(); });
    const bool live = target.ends_with("live");
    return HttpReply{.status = live || ready ? 200U : 503U,
                     .body = fmt::format("{{\"{}\":{}}}", live ? "live" : "ready", live || ready)};
  }
  const Roles roles = RolesOf(request.authorization);
  if (target == "/metrics") {
    if (!roles.Has(Role::kAudit)) {
      if (Status status = Require(roles, Role::kOperate); !status) return status.error();
    }
    if (Status status = WantGet(request); !status) return status.error();
    return HttpReply{.type = "text/plain; version=0.0.4; charset=utf-8", .body = service_.metrics().Render()};
  }
  if (target.starts_with("/log/")) {
    if (Status status = Require(roles, Role::kAudit); !status) return status.error();
    if (Status status = WantGet(request); !status) return status.error();
    return LogFile(target.substr(5));
  }
  if (Status status = Require(roles, Role::kPredict); !status) return status.error();
  if (target == "/v2") {
    if (Status status = WantGet(request); !status) return status.error();
    return HttpReply{.body = fmt::format("{{\"name\":\"hedgerow\",\"version\":\"{}\",\"extensions\":[]}}", version_)};
  }
  if (target.starts_with("/v2/models/")) return Models(request, target.substr(11));
  return NotFound();
}

Result<HttpReply> HttpRoutes::Models(const HttpRequest& request, std::string_view path) {
  const std::size_t slash = path.find('/');
  const std::string_view name = path.substr(0, slash);
  const std::string_view what = slash == std::string_view::npos ? "" : path.substr(slash);
  const Result<HostedStore*> store = name.empty() ? NotFound() : service_.Find(name);
  if (!store) return NotFound();
  if (what == "/infer") {
    if (request.method == "POST") return Infer(request, **store);
    return Error{ErrorCode::kUsage, "this wants a body", "", "use POST"};
  }
  if (Status status = WantGet(request); !status) return status.error();
  if (what.empty()) return HttpReply{.body = ModelMetadata((*store)->name(), (*store)->model())};
  if (what != "/ready") return NotFound();
  const bool ready = !(*store)->draining();
  return HttpReply{.status = ready ? 200U : 503U, .body = fmt::format("{{\"name\":\"{}\",\"ready\":{}}}", name, ready)};
}

Result<HttpReply> HttpRoutes::Infer(const HttpRequest& request, HostedStore& store) {
  const Result<InferRequest> infer = ParseInfer(request.body, store.model(), service_.max_batch_rows());
  if (!infer) return infer.error();
  const auto executor = forest::MakeSerialExecutor();
  const auto prediction = store.Predict<Prediction>(infer->cells, infer->not_before, *executor);
  if (!prediction) return prediction.error();
  return HttpReply{.body = InferAnswer(*infer, store.name(), store.model(), *prediction)};
}

// Files that the store keeps for everybody to read: its transparency log.
Result<HttpReply> HttpRoutes::LogFile(std::string_view path) {
  const std::vector<StoreSpec>& specs = service_.specs();
  const StoreSpec* spec = specs.size() == 1 ? &specs.front() : nullptr;
  if (spec == nullptr) {
    const std::size_t slash = path.find('/');
    for (const StoreSpec& one : specs) {
      if (slash != std::string_view::npos && one.name == path.substr(0, slash)) spec = &one;
    }
    if (spec == nullptr) return NotFound();
    path.remove_prefix(slash + 1);
  }
  if (!SafePath(path)) return NotFound();
  Result<std::string> content = ReadLogFile(spec->directory + "/log/" + std::string(path));
  if (!content) return content.error();
  return HttpReply{.type = path == "checkpoint" ? "text/plain; charset=utf-8" : "application/octet-stream",
                   .body = std::move(*content)};
}

}  // namespace hedgerow::server
