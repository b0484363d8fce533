// The RPC server: event loops, the sockets that it listens on, and connections in between.
//
// Thread rule: the thread that made it; size() from any.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/acceptor.h"
#include "server/address.h"
#include "server/connections.h"
#include "server/rpc_context.h"

namespace hedgerow::server {

struct RpcOptions {
  std::vector<Address> addresses;
  unsigned loops = 2;                // event-loop threads
  std::uint32_t socket_mode = 0600;  // of unix sockets
  TlsPaths tls;                      // for addresses with TLS
};

class RpcServer {
 public:
  // Listens. kUsage: an address beyond this machine without tokens, or TLS without a certificate; kIo.
  static Result<std::unique_ptr<RpcServer>> Start(RpcContext& context, const RpcOptions& options);
  ~RpcServer();

  // As asked for, with the ports that were given by the system.
  const std::vector<Address>& addresses() const { return addresses_; }
  std::size_t size() const;  // connections

  // Reads certificates again and drops connections whose tokens are not known any more. The tokens themselves are the
  // business of Access. Any thread but the loops'.
  Status Reload();
  void StopAccepting();
  // Waits, up to the limit, until all calls are answered and the answers are sent.
  void Finish(std::chrono::milliseconds limit);
  // Drops all connections and ends the loops.
  void Stop();
  // Takes a connected socket as if it had been accepted: for tests over a socket pair.
  void Adopt(int socket, Connections::Kind kind);

 private:
  struct Loop;
  RpcServer(RpcContext& context, const RpcOptions& options);
  Status Open(const Address& address);
  void Accepted(int socket, Connections::Kind kind);
  void OnAll(const std::function<void(Loop&)>& job);

  RpcContext& context_;
  const RpcOptions options_;
  std::vector<Address> addresses_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;  // of the first loop
};

}  // namespace hedgerow::server
