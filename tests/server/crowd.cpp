#include "tests/server/crowd.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "datasets/result.h"

namespace hedgerow::server {
namespace {

constexpr char kCome = 'c', kGo = 'g';
constexpr time_t kPatienceS = 60;

bool ReadAll(int file, void* data, std::size_t size) {
  for (auto* at = static_cast<char*>(data); size != 0;) {
    const ssize_t got = ::read(file, at, size);
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

// A client that has had an answer, or -1.
int ComeOne(const std::string& path, const std::string& said) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  const timeval patience{kPatienceS, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  char answer = 0;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(socket, said.data(), said.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(said.size()) &&
      ::recv(socket, &answer, 1, 0) == 1) {
    return socket;
  }
  ::close(socket);
  return -1;
}

// A child's life: does what it is told until the parent is gone.
[[noreturn]] void Live(int pipe, const std::string& path, std::size_t clients) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  std::vector<int> sockets;
  char told = 0;
  while (ReadAll(pipe, &told, 1)) {
    std::uint32_t size = 0;
    std::string said;
    if (told == kCome) {
      if (!ReadAll(pipe, &size, sizeof size)) break;
      said.resize(size);
      if (!ReadAll(pipe, said.data(), size)) break;
      for (std::size_t i = 0; i < clients; ++i) {
        if (const int socket = ComeOne(path, said); socket >= 0) sockets.push_back(socket);
      }
    } else {
      for (const int socket : std::exchange(sockets, {})) ::close(socket);
    }
    const auto here = static_cast<std::uint32_t>(sockets.size());
    if (::write(pipe, &here, sizeof here) != sizeof here) break;
  }
  ::_exit(0);
}

}  // namespace

Crowd::Crowd(std::string path, std::size_t clients, std::size_t each) {
  while (clients != 0) {
    const std::size_t part = std::min(clients, each);
    clients -= part;
    std::array<int, 2> pair{};
    HEDGEROW_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0, "no socket pair");
    const pid_t process = ::fork();
    HEDGEROW_CHECK(process >= 0, "no process");
    if (process == 0) {
      ::close(pair[0]);
      for (const Child& older : children_) ::close(older.pipe);
      Live(pair[1], path, part);
    }
    ::close(pair[1]);
    children_.push_back({process, pair[0]});
  }
}

Crowd::~Crowd() {
  for (const Child& child : children_) {
    ::close(child.pipe);
    ::waitpid(child.process, nullptr, 0);
  }
}

std::size_t Crowd::Come(const std::string& said) {
  const auto size = static_cast<std::uint32_t>(said.size());
  for (const Child& child : children_) {
    std::string told{kCome};
    told.append(reinterpret_cast<const char*>(&size), sizeof size);
    told += said;
    HEDGEROW_CHECK(::write(child.pipe, told.data(), told.size()) == static_cast<ssize_t>(told.size()), "no child");
  }
  std::size_t here = 0;
  for (const Child& child : children_) {
    std::uint32_t part = 0;
    HEDGEROW_CHECK(ReadAll(child.pipe, &part, sizeof part), "a child is gone");
    here += part;
  }
  return here;
}

void Crowd::Go() {
  for (const Child& child : children_) HEDGEROW_CHECK(::write(child.pipe, &kGo, 1) == 1, "no child");
  for (const Child& child : children_) {
    std::uint32_t left = 0;
    HEDGEROW_CHECK(ReadAll(child.pipe, &left, sizeof left) && left == 0, "a child is gone");
  }
}

}  // namespace hedgerow::server
