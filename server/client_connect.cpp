// Connecting (client.h).
#include <chrono>
#include <future>

#include "server/address.h"
#include "server/client_core.h"
#include "server/tls.h"

namespace hedgerow::server {

namespace {

using Answer = std::shared_ptr<std::promise<Result<ServerInfo>>>;

ServerInfo ReadServerInfo(wire::ServerInfo::Reader from) {
  ServerInfo info;
  info.version = View(from.getVersion());
  for (const capnp::Text::Reader name : from.getStores()) info.stores.emplace_back(View(name));
  for (const capnp::Text::Reader name : from.getRoles()) info.roles.emplace_back(View(name));
  info.max_batch_rows = from.getMaxBatchRows();
  info.max_message_bytes = from.getMaxMessageBytes();
  return info;
}

Error Refused(const kj::Exception& exception, const std::string& address) {
  return {ErrorCode::kUnreachable, std::string("the connection failed: ") + exception.getDescription().cStr(), address,
          "check that the server speaks this protocol here, and its certificate"};
}

// Logs in, if there is a token, and asks who is there.
kj::Promise<void> Greet(ClientCore& core, const ClientOptions& options, const Answer& answer) {
  kj::Promise<void> logged_in = kj::READY_NOW;
  auto refused = std::make_shared<Status>();
  if (!options.token.empty()) {
    auto login = core.gateway.loginRequest();
    login.setToken(ToText(options.token));
    auto promise = login.send();
    core.gateway = promise.getGateway();
    logged_in = promise.then([refused](auto&& response) { *refused = ReadDone(response.getResult()); });
  }
  return logged_in.then([&core, refused, answer]() -> kj::Promise<void> {
    if (!*refused) {
      answer->set_value(refused->error());
      return kj::READY_NOW;
    }
    return core.gateway.infoRequest().send().then(
        [answer](auto&& response) { answer->set_value(ReadServerInfo(response.getInfo())); });
  });
}

kj::Promise<void> Start(Client::Impl& impl, int socket, const ClientOptions& options, const Address& address,
                        const Answer& answer) {
  using Provider = kj::LowLevelAsyncIoProvider;
  kj::Own<kj::AsyncIoStream> plain = impl.loop.io().lowLevelProvider->wrapSocketFd(
      socket, Provider::TAKE_OWNERSHIP | Provider::ALREADY_CLOEXEC | Provider::ALREADY_NONBLOCK);
  if (address.kind != Address::Kind::kTls) {
    impl.core = kj::heap<ClientCore>(kj::mv(plain), options.store);
    return Greet(*impl.core, options, answer);
  }
  auto tls = MakeClientTls({.ca = options.ca, .certificate = options.certificate, .key = options.key});
  if (!tls) {
    answer->set_value(tls.error());
    return kj::READY_NOW;
  }
  impl.tls = kj::mv(*tls);
  return impl.tls->wrapClient(kj::mv(plain), kj::StringPtr(address.host.c_str()))
      .then([&impl, options, answer](kj::Own<kj::AsyncIoStream>&& secure) {
        impl.core = kj::heap<ClientCore>(kj::mv(secure), options.store);
        return Greet(*impl.core, options, answer);
      });
}

Result<ServerInfo> Greeted(Client::Impl& impl, int socket, const ClientOptions& options, const Address& address) {
  const auto answer = std::make_shared<std::promise<Result<ServerInfo>>>();
  impl.loop.Run([&] {
    impl.connecting = impl.loop.timer()
                          .timeoutAfter(options.timeout_ms * kj::MILLISECONDS,
                                        kj::evalNow([&] { return Start(impl, socket, options, address, answer); }))
                          .eagerlyEvaluate([answer, where = options.address](kj::Exception&& exception) {
                            answer->set_value(Refused(exception, where));
                          });
  });
  return answer->get_future().get();
}

}  // namespace

Result<std::unique_ptr<Client>> Client::Connect(const ClientOptions& options) {
  const Result<Address> address = ParseAddress(options.address);
  if (!address) return address.error();
  const Result<int> socket = ConnectTo(*address, options.timeout_ms);
  if (!socket) return socket.error();
  return Adopt(*socket, options);
}

Result<std::unique_ptr<Client>> Client::Adopt(int socket, const ClientOptions& options) {
  const Result<Address> address = ParseAddress(options.address.empty() ? "unix:pair" : options.address);
  if (!address) return address.error();
  auto impl = std::make_unique<Impl>(options.store);
  Result<ServerInfo> info = Greeted(*impl, socket, options, *address);
  if (!info) return info.error();
  impl->server = std::move(*info);
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

}  // namespace hedgerow::server
