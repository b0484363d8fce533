// A whole server in the test's process, and clients of it.
//
// Thread rule: one thread, besides the server's own.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>

#include "server/client.h"
#include "server/daemon.h"
#include "tests/server/service_fixture.h"

namespace hedgerow::server {

class RpcTest : public ServiceTest {
 protected:
  RpcTest() {
    daemon_options_.log_level = LogLevel::kOff;
    daemon_options_.version = "test";
    daemon_options_.rpc.addresses = {*ParseAddress("unix:" + socket_)};
  }

  // Serves the stores on a unix socket, and whatever else the options say.
  void Start(const std::vector<StoreSpec>& stores) {
    daemon_options_.service = options_;
    daemon_options_.service.stores = stores;
    auto daemon = Daemon::Start(daemon_options_);
    HEDGEROW_CHECK(daemon.ok(), "no server: " + (daemon.ok() ? "" : daemon.error().ToString()));
    daemon_ = std::move(*daemon);
  }
  // One store "a" with 60 persons.
  void Start(const tests::Data& data) { Start({{"a", MakeStore("a", data)}}); }

  std::unique_ptr<Client> Connect(ClientOptions options = {}) {
    if (options.address.empty()) options.address = "unix:" + socket_;
    auto client = Client::Connect(options);
    HEDGEROW_CHECK(client.ok(), "no connection: " + (client.ok() ? "" : client.error().ToString()));
    return std::move(*client);
  }

  // A socket that the server took as if it had been accepted there.
  int RawSocket() {
    int pair[2] = {-1, -1};
    HEDGEROW_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0, "no socket pair");
    daemon_->rpc().Adopt(pair[0], Connections::Kind::kUnix);
    return pair[1];
  }

  std::string socket_ = scratch_.Path("socket");
  DaemonOptions daemon_options_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace hedgerow::server
