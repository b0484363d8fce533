// A whole server: the service, the RPC server and the HTTP server, started and stopped in the right order.
//
// Thread rule: the thread that made it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/access.h"
#include "server/http_server.h"
#include "server/log.h"
#include "server/rpc_server.h"
#include "server/service.h"

namespace hedgerow::server {

struct DaemonOptions {
  ServiceOptions service;
  RpcOptions rpc;
  RpcLimits limits;
  HttpOptions http;
  std::string token_file;  // empty: no tokens
  UserTable users;
  LogLevel log_level = LogLevel::kInfo;
  std::chrono::microseconds slow{100'000};        // requests that take longer get a line in the log
  std::chrono::milliseconds drain_limit{10'000};  // for answers that are on their way when the server ends
  std::string version;
  std::function<void()> on_shutdown;  // an operator asked for it; any thread
};

class Daemon {
 public:
  // Opens the stores, then listens.
  static Result<std::unique_ptr<Daemon>> Start(const DaemonOptions& options);
  ~Daemon();

  // Reads tokens and certificates again. What cannot be read leaves the old ones in place.
  Status Reload();
  // Accepts nothing new, finishes what is there, writes checkpoints, erases what is pending. Answers go out, then all
  // connections end.
  Status Drain();

  Service& service() { return *service_; }
  RpcServer& rpc() { return *rpc_; }
  HttpServer& http() { return *http_; }
  Log& log() { return log_; }

 private:
  explicit Daemon(const DaemonOptions& options) : options_(options), log_(options.log_level) {}
  Status Open();
  void AddProcessMetrics();

  const DaemonOptions options_;
  Log log_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<RpcContext> context_;
  std::unique_ptr<RpcServer> rpc_;
  std::unique_ptr<HttpRoutes> routes_;
  std::unique_ptr<HttpServer> http_;
};

}  // namespace hedgerow::server
