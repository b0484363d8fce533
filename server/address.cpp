#include "server/address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "datasets/text.h"

namespace hedgerow::server {
namespace {

constexpr int kBacklog = 1'024;

struct Socket {
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
  int Release() { return std::exchange(fd, -1); }
  int fd = -1;
};

using Resolved = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<Resolved> Resolve(const Address& address, bool passive) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = passive ? AI_PASSIVE : 0;
  const std::string port = std::to_string(address.port);
  const int code = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &list);
  if (code == 0) return Resolved(list, &::freeaddrinfo);
  return Error{ErrorCode::kUnreachable, fmt::format("the name cannot be resolved: {}", ::gai_strerror(code)),
               address.ToString(), "check the address"};
}

std::optional<sockaddr_un> UnixName(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path) return std::nullopt;
  std::memcpy(name.sun_path, path.data(), path.size());
  return name;
}

Error TooLong(const Address& address) {
  return {ErrorCode::kUsage, "the path of a unix socket must have 1 to 107 bytes", address.ToString(),
          "choose a shorter one"};
}

Error Failed(const Address& address, const char* what, ErrorCode code) {
  const int error = errno;
  return {code, fmt::format("{}: {}", what, std::strerror(error)), address.ToString(),
          code == ErrorCode::kIo ? "check the address, your rights, and whether it is taken"
                                 : "check the address, and whether the server runs"};
}

Result<int> ListenUnix(const Address& address, std::uint32_t mode) {
  const auto name = UnixName(address.path);
  if (!name) return TooLong(address);
  const auto* raw = reinterpret_cast<const sockaddr*>(&*name);
  Socket socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (socket.fd < 0) return Failed(address, "no socket", ErrorCode::kIo);
  struct stat at {};
  if (::lstat(address.path.c_str(), &at) == 0 && S_ISSOCK(at.st_mode)) {
    // Nobody listens on it any more: left behind by a process that was killed.
    const Socket probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::connect(probe.fd, raw, sizeof *name) != 0 && errno == ECONNREFUSED) ::unlink(address.path.c_str());
  }
  // Created for nobody, and opened to whom it is for only when it is complete.
  const mode_t old = ::umask(0777);
  const int bound = ::bind(socket.fd, raw, sizeof *name);
  const int error = errno;
  ::umask(old);
  errno = error;
  if (bound != 0) return Failed(address, "the socket cannot be made", ErrorCode::kIo);
  if (::listen(socket.fd, kBacklog) != 0 || ::chmod(address.path.c_str(), mode) != 0) {
    return Failed(address, "the socket cannot listen", ErrorCode::kIo);
  }
  return socket.Release();
}

bool Loopback(const sockaddr* at) {
  if (at->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(at);
    return (ntohl(v4->sin_addr.s_addr) >> 24U) == 127;
  }
  return at->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(at)->sin6_addr);
}

bool Connect(int fd, const sockaddr* at, socklen_t size, std::uint32_t timeout_ms) {
  if (::connect(fd, at, size) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd wait{fd, POLLOUT, 0};
  int error = 0;
  if (::poll(&wait, 1, static_cast<int>(timeout_ms)) != 1) error = ETIMEDOUT;
  socklen_t length = sizeof error;
  if (error == 0) ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  errno = error;
  return error == 0;
}

// Where too many wait to be accepted, a unix socket that does not block fails at once instead of waiting with them. So
// it blocks until it is connected.
bool ConnectUnix(int fd, const sockaddr_un& name, std::uint32_t timeout_ms) {
  constexpr std::uint32_t kMsPerS = 1'000;
  const timeval patience{timeout_ms / kMsPerS, static_cast<suseconds_t>(timeout_ms % kMsPerS * kMsPerS)};
  if (::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) return false;
  while (::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    if (errno != EINTR) return false;
  }
  return ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

}  // namespace

std::string Address::ToString() const {
  if (kind == Kind::kUnix) return "unix:" + path;
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}{}:{}", kind == Kind::kTls ? "tls:" : "", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

Result<Address> ParseAddress(std::string_view text) {
  const Error wrong{ErrorCode::kUsage, "this is no address", std::string(text),
                    "write unix:PATH, HOST:PORT, or tls:HOST:PORT"};
  Address address;
  if (text.starts_with("unix:") || text.find('/') != std::string_view::npos) {
    address.kind = Address::Kind::kUnix;
    address.path = text.starts_with("unix:") ? text.substr(5) : text;
    if (!UnixName(address.path)) return TooLong(address);
    return address;
  }
  if (text.starts_with("tls:")) {
    address.kind = Address::Kind::kTls;
    text.remove_prefix(4);
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong;
  const auto port = datasets::ParseUnsigned(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong;
  }
  if (!port || *port > 65'535 || host.empty()) return wrong;
  address.host = host;
  address.port = static_cast<std::uint16_t>(*port);
  return address;
}

Result<bool> IsLocal(const Address& address) {
  if (address.kind == Address::Kind::kUnix) return true;
  const auto resolved = Resolve(address, /*passive=*/true);
  if (!resolved) return resolved.error();
  for (const addrinfo* at = resolved->get(); at != nullptr; at = at->ai_next) {
    if (!Loopback(at->ai_addr)) return false;
  }
  return true;
}

Result<int> Listen(const Address& address, std::uint32_t mode) {
  if (address.kind == Address::Kind::kUnix) return ListenUnix(address, mode);
  const auto resolved = Resolve(address, /*passive=*/true);
  if (!resolved) return resolved.error();
  const addrinfo& at = **resolved;
  Socket socket{::socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const int on = 1;
  if (socket.fd < 0 || ::setsockopt(socket.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(socket.fd, at.ai_addr, at.ai_addrlen) != 0 || ::listen(socket.fd, kBacklog) != 0) {
    return Failed(address, "the server cannot listen", ErrorCode::kIo);
  }
  return socket.Release();
}

Result<int> ConnectTo(const Address& address, std::uint32_t timeout_ms) {
  if (address.kind == Address::Kind::kUnix) {
    const auto name = UnixName(address.path);
    if (!name) return TooLong(address);
    Socket socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!ConnectUnix(socket.fd, *name, timeout_ms)) {
      return Failed(address, "no server there", ErrorCode::kUnreachable);
    }
    return socket.Release();
  }
  const auto resolved = Resolve(address, /*passive=*/false);
  if (!resolved) return resolved.error();
  for (const addrinfo* at = resolved->get(); at != nullptr; at = at->ai_next) {
    Socket socket{::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (socket.fd < 0 || !Connect(socket.fd, at->ai_addr, at->ai_addrlen, timeout_ms)) continue;
    const int on = 1;
    ::setsockopt(socket.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket.Release();
  }
  return Failed(address, "no server there", ErrorCode::kUnreachable);
}

std::uint16_t PortOf(int socket) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  if (name.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&name)->sin_port);
  if (name.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&name)->sin6_port);
  return 0;
}

}  // namespace hedgerow::server
