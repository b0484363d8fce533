// What all connections of the RPC server share, and what each of them is known by.
//
// Thread rule: an RpcContext is shared by all event loops; its counters are atomic. A Peer belongs to the loop of its
// connection.
#pragma once

#include <kj/refcount.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <set>
#include <string>

#include "server/access.h"
#include "server/guarded_messages.h"
#include "server/log.h"
#include "server/loop_thread.h"
#include "server/recorder.h"
#include "server/service.h"

namespace hedgerow::server {

struct RpcLimits {
  MessageLimits messages;
  std::size_t connections = 1'024;
  std::size_t in_flight = 16'384;              // calls that are being worked on, of all connections
  std::size_t peer_in_flight = 1'024;          // and of one
  std::size_t peer_objects = 256;              // capabilities that a peer holds
  std::size_t inline_cells = 16'384;           // larger batches leave the event loop
  std::chrono::milliseconds idle{300'000};     // without a complete message
  std::chrono::milliseconds stranger{10'000};  // to get a role
  std::chrono::milliseconds stalled{30'000};   // replies that are not read
};

struct RpcMethods {
  RpcMethods(Metrics& metrics, Log& log, std::chrono::microseconds slow);
  Method ping, info, login, grant, predict, predict_batch, classify, classify_batch, forget, find, await, learn,
      correct, describe, status, verify, receipts, log_head, list, show, prove, consistency, tile, metrics, checkpoint,
      compact, reload, shutdown;
};

struct RpcContext {
  RpcContext(Service& with, Access& by, Log& to, const RpcLimits& limited, std::chrono::microseconds slow)
      : service(with), access(by), log(to), limits(limited), methods(with.metrics(), to, slow) {}

  Service& service;
  Access& access;
  Log& log;
  const RpcLimits limits;
  RpcMethods methods;
  std::string version;
  std::function<Status()> reload;  // any thread; may read files
  std::function<void()> shutdown;  // any thread; returns at once
  std::atomic<std::size_t> in_flight = 0;
};

// Who is at the other end of a connection. Its capabilities keep it alive.
class Peer : public kj::Refcounted {
 public:
  Peer(RpcContext& shared, LoopThread& on) : context(shared), loop(on) {}

  RpcContext& context;
  LoopThread& loop;
  Traffic traffic;
  std::size_t in_flight = 0;
  std::size_t objects = 0;
  std::set<TokenHash> tokens;  // that were shown
  std::unique_ptr<forest::Executor> executor = forest::MakeSerialExecutor();
};

// Counts a call that is being worked on, from Begin until it goes.
class InFlight {
 public:
  // kOverloaded where too many are on their way.
  static Status Begin(Peer& peer, kj::Maybe<InFlight>& slot);
  InFlight(InFlight&& other) noexcept : peer_(kj::mv(other.peer_)) {}
  ~InFlight();

 private:
  explicit InFlight(kj::Own<Peer> peer) : peer_(kj::mv(peer)) {}
  kj::Own<Peer> peer_;
};

}  // namespace hedgerow::server
