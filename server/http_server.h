// The HTTP server: Boost.Beast on threads of its own.
//
// Requests are bounded in size and time, connections in number. What to answer is HttpRoutes' business.
//
// Thread rule: the thread that made it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/address.h"
#include "server/http_routes.h"

namespace hedgerow::server {

struct HttpOptions {
  std::vector<Address> addresses;  // TCP, of this machine
  unsigned threads = 2;
  std::size_t connections = 256;
  std::uint64_t body_bytes = 8U << 20U;
  std::chrono::seconds timeout{30};  // to send a request, and between two
};

class HttpServer {
 public:
  // kUsage: an address beyond this machine, or no tokens; kIo.
  static Result<std::unique_ptr<HttpServer>> Start(HttpRoutes& routes, const Access& access, Log& log,
                                                   const HttpOptions& options);
  // Ends all connections.
  ~HttpServer();
  const std::vector<Address>& addresses() const;
  void StopAccepting();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hedgerow::server
