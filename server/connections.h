// The connections of one event loop: they come as sockets, and go when the peer leaves or misbehaves.
//
// Thread rule: the event loop's thread, but for size().
#pragma once

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "server/capabilities.h"
#include "server/tls.h"

namespace hedgerow::server {

// One peer's connection, with its RPC system.
class Connection {
 public:
  Connection(RpcContext& context, LoopThread& loop, kj::Own<kj::AsyncIoStream> stream, Roles roles);

  // Calls `gone`, in a turn of its own, so that it may end this object. Once at the most.
  void WhenDisconnected(std::function<void()> gone);
  // Why it must go; empty: it may stay.
  std::string_view Fault(kj::TimePoint now);
  // Whether a token that it showed is not known any more.
  bool Revoked(const TokenTable& tokens) const;
  bool Quiet() { return peer_->in_flight == 0 && network_.getCurrentQueueSize() == 0; }

 private:
  RpcContext& context_;
  LoopThread& loop_;
  kj::Own<kj::AsyncIoStream> stream_;
  const kj::TimePoint since_;
  kj::Own<Peer> peer_;
  GuardedMessages messages_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
  kj::Promise<void> gone_ = nullptr;
};

class Connections final : private kj::TaskSet::ErrorHandler {
 public:
  Connections(RpcContext& context, LoopThread& loop);
  ~Connections() noexcept(false);

  enum class Kind : std::uint8_t { kUnix, kTcp, kTls };
  // Counts a connection that Adopt will get. Any thread.
  void Announce();
  // Takes an announced socket over. The peers of a unix socket get the roles of their user.
  void Adopt(int socket, Kind kind);
  // For new connections.
  void SetTls(const TlsFiles& files) { tls_ = kj::refcounted<ServerTls>(files); }
  // Drops those that showed a token that is not known any more.
  void DropRevoked();
  void DropAll() { connections_.clear(); }
  // No call is being worked on, and all answers are sent.
  bool Quiet();

  std::size_t size() const { return size_; }  // any thread

 private:
  // Stops counting a connection when it goes.
  struct Counted;

  void Begin(kj::Own<kj::AsyncIoStream> stream, Roles roles);
  kj::Promise<void> Watch();
  void Sweep();
  void taskFailed(kj::Exception&& exception) override;

  RpcContext& context_;
  LoopThread& loop_;
  std::atomic<std::size_t> size_ = 0;
  kj::Own<ServerTls> tls_;
  std::uint64_t next_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;  // by a number that is used once
  kj::TaskSet tasks_;
};

}  // namespace hedgerow::server
