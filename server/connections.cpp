#include "server/connections.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <utility>

namespace hedgerow::server {

namespace {

constexpr kj::Duration kSweep = 1 * kj::SECONDS;

kj::Duration ToKj(std::chrono::milliseconds ms) {
  return ms.count() * kj::MILLISECONDS;
}

}  // namespace

Connection::Connection(RpcContext& context, LoopThread& loop, kj::Own<kj::AsyncIoStream> stream, Roles roles)
    : context_(context),
      loop_(loop),
      stream_(kj::mv(stream)),
      since_(loop.timer().now()),
      peer_(kj::refcounted<Peer>(context, loop)),
      messages_(*stream_, context.limits.messages, peer_->traffic, loop.timer(),
                [this] { return network_.getCurrentQueueSize(); }),
      network_(messages_, capnp::rpc::twoparty::Side::SERVER),
      rpc_(capnp::makeRpcServer(network_, MakeGateway(*peer_, roles))) {
  peer_->traffic.last_message = since_;
  rpc_.setFlowLimit(2 * context.limits.messages.message_words);
}

void Connection::WhenDisconnected(std::function<void()> gone) {
  gone_ = network_.onDisconnect()
              .then([this, gone = std::move(gone)] { loop_.Post(gone); })
              .eagerlyEvaluate([](kj::Exception&&) {});
}

std::string_view Connection::Fault(kj::TimePoint now) {
  const RpcLimits& limits = context_.limits;
  if (peer_->traffic.stranger && now - since_ > ToKj(limits.stranger)) return "no role in time";
  if (peer_->in_flight == 0 && now - peer_->traffic.last_message > ToKj(limits.idle)) return "idle";
  if (peer_->traffic.messages == 0 && now - since_ > ToKj(limits.stranger)) return "no message in time";
  if (network_.getCurrentQueueCount() != 0 && network_.getOutgoingMessageWaitTime() > ToKj(limits.stalled)) {
    return "replies are not read";
  }
  return "";
}

bool Connection::Revoked(const TokenTable& tokens) const {
  for (const TokenHash& hash : peer_->tokens) {
    if (tokens.Find(hash) == nullptr) return true;
  }
  return false;
}

struct Connections::Counted {
  explicit Counted(Connections& of) : connections(&of) {}
  Counted(Counted&& other) noexcept : connections(std::exchange(other.connections, nullptr)) {}
  ~Counted() {
    if (connections == nullptr) return;
    --connections->size_;
  }
  Connections* connections;
};

void Connections::Announce() {
  ++size_;
}

Connections::Connections(RpcContext& context, LoopThread& loop) : context_(context), loop_(loop), tasks_(*this) {
  tasks_.add(Watch());
}

Connections::~Connections() noexcept(false) = default;

void Connections::Adopt(int socket, Kind kind) {
  Roles roles;
  if (kind == Kind::kUnix) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
      roles = context_.access.users().RolesOf(peer.uid);
  } else {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  using Provider = kj::LowLevelAsyncIoProvider;
  Counted counted(*this);
  kj::Own<kj::AsyncIoStream> stream = loop_.io().lowLevelProvider->wrapSocketFd(
      socket, Provider::TAKE_OWNERSHIP | Provider::ALREADY_CLOEXEC | Provider::ALREADY_NONBLOCK);
  stream = stream.attach(kj::mv(counted));
  if (kind != Kind::kTls) return Begin(kj::mv(stream), roles);
  kj::Own<ServerTls> tls = kj::addRef(*tls_);
  auto shaken = tls->context.wrapServer(kj::mv(stream));
  tasks_.add(loop_.timer()
                 .timeoutAfter(ToKj(context_.limits.stranger), kj::mv(shaken))
                 .then([this, roles, kept = kj::mv(tls)](kj::Own<kj::AsyncIoStream>&& secure) mutable {
                   Begin(secure.attach(kj::mv(kept)), roles);
                 }));
}

void Connections::Begin(kj::Own<kj::AsyncIoStream> stream, Roles roles) {
  const std::uint64_t number = next_++;
  auto connection = std::make_unique<Connection>(context_, loop_, kj::mv(stream), roles);
  connection->WhenDisconnected([this, number] { connections_.erase(number); });
  connections_.emplace(number, std::move(connection));
}

kj::Promise<void> Connections::Watch() {
  return loop_.timer().afterDelay(kSweep).then([this] {
    Sweep();
    return Watch();
  });
}

void Connections::Sweep() {
  const kj::TimePoint now = loop_.timer().now();
  std::erase_if(connections_, [&](const auto& entry) {
    const std::string_view fault = entry.second->Fault(now);
    if (!fault.empty()) context_.log.Info("dropped", {{"transport", "rpc"}, {"reason", std::string(fault)}});
    return !fault.empty();
  });
}

void Connections::DropRevoked() {
  const auto tokens = context_.access.tokens();
  std::erase_if(connections_, [&](const auto& entry) { return entry.second->Revoked(*tokens); });
}

bool Connections::Quiet() {
  return std::all_of(connections_.begin(), connections_.end(), [](const auto& entry) { return entry.second->Quiet(); });
}

// A peer that broke the protocol, or a handshake that failed: its business.
void Connections::taskFailed(kj::Exception&& exception) {
  context_.log.Debug("connection", {{"transport", "rpc"}, {"error", exception.getDescription().cStr()}});
}

}  // namespace hedgerow::server
