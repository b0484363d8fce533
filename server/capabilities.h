// The capabilities that clients hold: a class an interface of hedgerow.capnp.
//
// They translate: from messages to the service and back. Nothing here blocks; what takes longer than microseconds runs
// on the service's threads, and the event loop goes on.
//
// Thread rule: the event loop's thread.
#pragma once

#include <kj/async.h>

#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "server/hedgerow.capnp.h"
#include "server/rpc_context.h"
#include "server/wire.h"

namespace hedgerow::server {

// What every capability has: its peer, whose number of objects is bounded.
class PeerObject {
 public:
  explicit PeerObject(Peer& peer) : peer_(kj::addRef(peer)) { ++peer_->objects; }
  ~PeerObject() { --peer_->objects; }
  PeerObject(const PeerObject&) = delete;
  PeerObject& operator=(const PeerObject&) = delete;

 protected:
  Peer& peer() { return *peer_; }
  RpcContext& context() { return peer_->context; }
  Service& service() { return peer_->context.service; }
  RpcMethods& methods() { return peer_->context.methods; }

  // Starts what answers from another thread with a T. The promise keeps the call counted.
  // `refused(error)` answers at once when too many calls are on their way.
  template <class T, class Start, class Then>
  kj::Promise<void> Ask(const Start& start, Then then) {
    kj::Maybe<InFlight> slot;
    if (Status status = InFlight::Begin(*peer_, slot); !status) {
      then(T(status.error()));
      return kj::READY_NOW;
    }
    return Bridge<T>(peer_->loop, start)
        .then([then = kj::mv(then)](kj::Own<T> value) mutable { then(kj::mv(*value)); })
        .attach(kj::mv(slot));
  }

 private:
  kj::Own<Peer> peer_;
};

// Whether the peer may be given one more capability. kOverloaded.
Status MayHoldMore(const Peer& peer);

wire::Gateway::Client MakeGateway(Peer& peer, Roles roles);
wire::Predictor::Client MakePredictor(Peer& peer, HostedStore& store);
wire::Eraser::Client MakeEraser(Peer& peer, std::vector<HostedStore*> stores);
wire::Learner::Client MakeLearner(Peer& peer, HostedStore& store);
wire::Auditor::Client MakeAuditor(Peer& peer, HostedStore& store);
wire::Operator::Client MakeOperator(Peer& peer);
// The ticket of updates that were made, or of a request that failed.
wire::Ticket::Client MakeTicket(Peer& peer, std::variant<std::vector<Target>, Error> what);

ModelInfo InfoOf(const HostedStore& store);

}  // namespace hedgerow::server
