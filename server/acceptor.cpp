#include "server/acceptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace hedgerow::server {

namespace {

constexpr kj::Duration kPause = 100 * kj::MILLISECONDS;
constexpr int kAtOnce = 64;  // connections before others get a turn

}  // namespace

Acceptor::Acceptor(LoopThread& loop, int socket, Log& log, std::function<void(int)> accepted)
    : loop_(loop),
      socket_(socket),
      log_(log),
      accepted_(std::move(accepted)),
      observer_(loop.io().unixEventPort, socket, kj::UnixEventPort::FdObserver::OBSERVE_READ),
      running_(Accept().eagerlyEvaluate(nullptr)) {}

kj::Promise<void> Acceptor::Accept() {
  for (int i = 0; i < kAtOnce; ++i) {
    const int socket = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket >= 0) {
      complained_ = false;
      accepted_(socket);
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return observer_.whenBecomesReadable().then([this] { return Accept(); });
    }
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;  // that peer's trouble
    if (!std::exchange(complained_, true)) log_.Warn("accept", {{"transport", "rpc"}, {"error", std::strerror(errno)}});
    return loop_.timer().afterDelay(kPause).then([this] { return Accept(); });
  }
  return kj::evalLater([this] { return Accept(); });
}

}  // namespace hedgerow::server
