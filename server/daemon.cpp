#include "server/daemon.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace hedgerow::server {

namespace {

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double ProcessorSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::Start(const DaemonOptions& options) {
  std::unique_ptr<Daemon> daemon(new Daemon(options));
  if (Status status = daemon->Open(); !status) return status.error();
  return daemon;
}

Status Daemon::Open() {
  auto access = Access::Make(options_.token_file, options_.users);
  if (!access) return access.error();
  access_ = std::move(*access);
  auto service = Service::Open(options_.service);
  if (!service) return service.error();
  service_ = std::move(*service);
  AddProcessMetrics();
  context_ = std::make_unique<RpcContext>(*service_, *access_, log_, options_.limits, options_.slow);
  context_->version = options_.version;
  context_->shutdown = options_.on_shutdown;
  context_->reload = [this] { return Reload(); };
  auto rpc = RpcServer::Start(*context_, options_.rpc);
  if (!rpc) return rpc.error();
  rpc_ = std::move(*rpc);
  routes_ = std::make_unique<HttpRoutes>(*service_, *access_, log_, options_.slow, options_.version);
  auto http = HttpServer::Start(*routes_, *access_, log_, options_.http);
  if (!http) return http.error();
  http_ = std::move(*http);
  for (const auto& store : service_->stores()) {
    log_.Info("store", {{"store", store->name()}, {"records", std::to_string(store->store().records())}});
  }
  for (const Address& address : rpc_->addresses())
    log_.Info("listening", {{"transport", "rpc"}, {"address", address.ToString()}});
  for (const Address& address : http_->addresses()) {
    log_.Info("listening", {{"transport", "http"}, {"address", address.ToString()}});
  }
  return {};
}

Daemon::~Daemon() {
  if (rpc_ != nullptr) (void)Drain();
}

Status Daemon::Reload() {
  Status status = access_->Reload();
  if (status) status = rpc_->Reload();
  if (status) {
    log_.Info("reloaded");
  } else {
    log_.Write(LogLevel::kError, "reload", {{"message", status.error().ToString()}});
  }
  return status;
}

Status Daemon::Drain() {
  if (rpc_ == nullptr) return {};
  log_.Info("draining");
  rpc_->StopAccepting();
  if (http_ != nullptr) http_->StopAccepting();
  const Status status = service_->Drain();
  rpc_->Finish(options_.drain_limit);
  http_ = nullptr;
  rpc_->Stop();
  rpc_ = nullptr;
  if (status) {
    log_.Info("stopped");
  } else {
    log_.Write(LogLevel::kError, "stopped", {{"message", status.error().ToString()}});
  }
  return status;
}

void Daemon::AddProcessMetrics() {
  Metrics& metrics = service_->metrics();
  const auto started = std::chrono::system_clock::now();
  metrics.AddGauges("process_start_time_seconds", "When the server started, in seconds since 1970", [started] {
    return Metrics::Values{{{}, std::chrono::duration<double>(started.time_since_epoch()).count()}};
  });
  metrics.AddGauges("process_resident_memory_bytes", "Memory of the process", [] {
    return Metrics::Values{{{}, ResidentBytes()}};
  });
  metrics.AddCounts("process_cpu_seconds_total", "Processor time of the process", [] {
    return Metrics::Values{{{}, ProcessorSeconds()}};
  });
}

}  // namespace hedgerow::server
