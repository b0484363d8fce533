#include "server/rpc_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace hedgerow::server {

namespace {

Connections::Kind KindOf(const Address& address) {
  switch (address.kind) {
    case Address::Kind::kUnix:
      return Connections::Kind::kUnix;
    case Address::Kind::kTls:
      return Connections::Kind::kTls;
    case Address::Kind::kTcp:
      break;
  }
  return Connections::Kind::kTcp;
}

// What a network may carry: see docs/server.md, "Who may come in".
Status CheckExposure(const Address& address, const Access& access) {
  if (address.kind == Address::Kind::kUnix) return {};
  if (!access.has_tokens()) {
    const Result<bool> local = IsLocal(address);
    if (!local) return local.error();
    return Error{ErrorCode::kUsage,
                 *local ? "on TCP nobody has a role without a token, and there is no token file"
                        : "this address can be reached from other machines, and there is no token file",
                 address.ToString(), "name a token file with --tokens, or listen on a unix socket"};
  }
  if (address.kind == Address::Kind::kTls) return {};
  const Result<bool> local = IsLocal(address);
  if (!local) return local.error();
  if (*local) return {};
  return Error{ErrorCode::kUsage, "tokens and records would cross the network unencrypted", address.ToString(),
               "write tls:HOST:PORT and name a certificate, or listen on 127.0.0.1 or a unix socket"};
}

}  // namespace

struct RpcServer::Loop {
  Loop(RpcContext& context, unsigned number) : thread(fmt::format("hr-rpc-{}", number)) {
    thread.Run([&] { connections = std::make_unique<Connections>(context, thread); });
  }
  LoopThread thread;
  std::unique_ptr<Connections> connections;  // of the thread
};

RpcServer::RpcServer(RpcContext& context, const RpcOptions& options) : context_(context), options_(options) {
  for (unsigned i = 0; i < std::max(options_.loops, 1U); ++i) loops_.push_back(std::make_unique<Loop>(context_, i));
  context_.service.metrics().AddGauges("hedgerow_connections", "Connections of the RPC server", [this] {
    return Metrics::Values{{{}, static_cast<double>(size())}};
  });
  context_.service.metrics().AddGauges("hedgerow_calls_in_flight", "RPC calls that are being worked on", [this] {
    return Metrics::Values{{{}, static_cast<double>(context_.in_flight.load())}};
  });
}

RpcServer::~RpcServer() {
  Stop();
}

Result<std::unique_ptr<RpcServer>> RpcServer::Start(RpcContext& context, const RpcOptions& options) {
  std::unique_ptr<RpcServer> server(new RpcServer(context, options));
  const bool tls = std::any_of(options.addresses.begin(), options.addresses.end(),
                               [](const Address& address) { return address.kind == Address::Kind::kTls; });
  if (tls) {
    if (Status status = server->Reload(); !status) return status.error();
  }
  for (const Address& address : options.addresses) {
    if (Status status = server->Open(address); !status) return status.error();
  }
  return server;
}

Status RpcServer::Open(const Address& address) {
  if (Status status = CheckExposure(address, context_.access); !status) return status;
  const Result<int> socket = Listen(address, options_.socket_mode);
  if (!socket) return socket.error();
  Address at = address;
  if (at.kind != Address::Kind::kUnix) at.port = PortOf(*socket);
  addresses_.push_back(at);
  LoopThread& first = loops_.front()->thread;
  first.Run([&] {
    acceptors_.push_back(std::make_unique<Acceptor>(
        first, *socket, context_.log, [this, kind = KindOf(address)](int peer) { Accepted(peer, kind); }));
  });
  return {};
}

// Runs on the first loop. One loop accepts for all, so that connections spread evenly; a unix socket gives no other
// way.
void RpcServer::Accepted(int socket, Connections::Kind kind) {
  if (size() >= context_.limits.connections) {
    ::close(socket);
    context_.log.Debug("connection", {{"transport", "rpc"}, {"error", "too many connections"}});
    return;
  }
  Adopt(socket, kind);
}

void RpcServer::Adopt(int socket, Connections::Kind kind) {
  Loop& loop = **std::min_element(loops_.begin(), loops_.end(), [](const auto& a, const auto& b) {
    return a->connections->size() < b->connections->size();
  });
  loop.connections->Announce();
  loop.thread.Post([&loop, socket, kind] { loop.connections->Adopt(socket, kind); });
}

std::size_t RpcServer::size() const {
  std::size_t size = 0;
  for (const auto& loop : loops_) size += loop->connections->size();
  return size;
}

void RpcServer::OnAll(const std::function<void(Loop&)>& job) {
  for (const auto& loop : loops_) {
    loop->thread.Run([&] { job(*loop); });
  }
}

Status RpcServer::Reload() {
  if (!options_.tls.certificate.empty() || !options_.tls.key.empty()) {
    const Result<TlsFiles> files = LoadTls(options_.tls);
    if (!files) return files.error();
    OnAll([&](Loop& loop) { loop.connections->SetTls(*files); });
  } else if (std::any_of(options_.addresses.begin(), options_.addresses.end(),
                         [](const Address& address) { return address.kind == Address::Kind::kTls; })) {
    return LoadTls(options_.tls).error();
  }
  OnAll([](Loop& loop) { loop.connections->DropRevoked(); });
  return {};
}

void RpcServer::StopAccepting() {
  loops_.front()->thread.Run([&] { acceptors_.clear(); });
  for (const Address& address : addresses_) {
    if (address.kind == Address::Kind::kUnix) ::unlink(address.path.c_str());
  }
  addresses_.clear();
}

void RpcServer::Finish(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  bool quiet = false;
  while (!quiet && std::chrono::steady_clock::now() < end) {
    quiet = true;
    OnAll([&](Loop& loop) { quiet = loop.connections->Quiet() && quiet; });
    // The sockets are beyond our sight; there is no event to wait for.
    if (!quiet) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void RpcServer::Stop() {
  if (loops_.empty()) return;
  StopAccepting();
  for (const auto& loop : loops_) {
    loop->thread.Run([&] { loop->connections->DropAll(); });
    loop->thread.Run([&] { loop->connections = nullptr; });
    loop->thread.Stop();
  }
  loops_.clear();
}

}  // namespace hedgerow::server
