// Where a server listens and a client connects: "unix:/run/hedgerow.sock", "127.0.0.1:7878", "tls:db.example:7878".
//
// Thread rule: pure functions, but for resolving names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "datasets/result.h"

namespace hedgerow::server {

struct Address {
  enum class Kind : std::uint8_t { kUnix, kTcp, kTls };
  Kind kind = Kind::kTcp;
  std::string path;  // of a unix socket
  std::string host;  // without brackets
  std::uint16_t port = 0;

  std::string ToString() const;
};

// A text with a slash and no prefix is a path too. kUsage.
Result<Address> ParseAddress(std::string_view text);

// A socket that listens, does not block, and is closed on exec. A stale unix socket is replaced, one that somebody
// listens on is not. `mode` is of a unix socket's file. kUsage, kIo.
Result<int> Listen(const Address& address, std::uint32_t mode);
// A connected socket. Blocks for at most the timeout. kUnreachable.
Result<int> ConnectTo(const Address& address, std::uint32_t timeout_ms);
// Whether everybody who can reach it is on this machine. All addresses of the name have to be.
Result<bool> IsLocal(const Address& address);
// The port that a socket was given.
std::uint16_t PortOf(int socket);

}  // namespace hedgerow::server
