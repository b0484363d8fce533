#include "server/rpc_context.h"

namespace hedgerow::server {

RpcMethods::RpcMethods(Metrics& to, Log& log, std::chrono::microseconds slow)
    : ping(to, log, slow, "rpc", "ping"),
      info(to, log, slow, "rpc", "info"),
      login(to, log, slow, "rpc", "login"),
      grant(to, log, slow, "rpc", "grant"),
      predict(to, log, slow, "rpc", "predict"),
      predict_batch(to, log, slow, "rpc", "predict_batch"),
      classify(to, log, slow, "rpc", "classify"),
      classify_batch(to, log, slow, "rpc", "classify_batch"),
      forget(to, log, slow, "rpc", "forget"),
      find(to, log, slow, "rpc", "find"),
      await(to, log, slow, "rpc", "await"),
      learn(to, log, slow, "rpc", "learn"),
      correct(to, log, slow, "rpc", "correct"),
      describe(to, log, slow, "rpc", "describe"),
      status(to, log, slow, "rpc", "status"),
      verify(to, log, slow, "rpc", "verify"),
      receipts(to, log, slow, "rpc", "receipts"),
      log_head(to, log, slow, "rpc", "log"),
      list(to, log, slow, "rpc", "list"),
      show(to, log, slow, "rpc", "show"),
      prove(to, log, slow, "rpc", "prove"),
      consistency(to, log, slow, "rpc", "consistency"),
      tile(to, log, slow, "rpc", "tile"),
      metrics(to, log, slow, "rpc", "metrics"),
      checkpoint(to, log, slow, "rpc", "checkpoint"),
      compact(to, log, slow, "rpc", "compact"),
      reload(to, log, slow, "rpc", "reload"),
      shutdown(to, log, slow, "rpc", "shutdown") {}

Status InFlight::Begin(Peer& peer, kj::Maybe<InFlight>& slot) {
  const RpcLimits& limits = peer.context.limits;
  if (peer.in_flight >= limits.peer_in_flight || peer.context.in_flight >= limits.in_flight) {
    Error error{ErrorCode::kOverloaded, "too many calls are on their way", "", "wait for some of them"};
    error.retry_after_ms = 10;
    return error;
  }
  ++peer.in_flight;
  ++peer.context.in_flight;
  slot = InFlight(kj::addRef(peer));
  return {};
}

InFlight::~InFlight() {
  if (peer_.get() == nullptr) return;
  --peer_->in_flight;
  --peer_->context.in_flight;
}

}  // namespace hedgerow::server
