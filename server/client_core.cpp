#include "server/client_core.h"

#include <fmt/format.h>

namespace hedgerow::server {

namespace {

constexpr std::uint64_t kEnvelopeBytes = 4'096;  // of what stands around a call's parameters

// What a server may send: a large batch of predictions is the largest.
capnp::ReaderOptions Limits() {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 64U << 20U;
  return options;
}

capnp::RpcSystem<capnp::rpc::twoparty::VatId> MakeRpc(capnp::TwoPartyVatNetwork& network) {
  return capnp::makeRpcClient(network);
}

capnp::Capability::Client Bootstrap(capnp::RpcSystem<capnp::rpc::twoparty::VatId>& rpc) {
  capnp::MallocMessageBuilder message;
  auto vat = message.initRoot<capnp::rpc::twoparty::VatId>();
  vat.setSide(capnp::rpc::twoparty::Side::SERVER);
  return rpc.bootstrap(vat);
}

}  // namespace

ClientCore::ClientCore(kj::Own<kj::AsyncIoStream> stream, std::string store)
    : gateway(nullptr),
      store_(std::move(store)),
      stream_(kj::mv(stream)),
      network_(*stream_, capnp::rpc::twoparty::Side::CLIENT, Limits()),
      rpc_(MakeRpc(network_)),
      tasks_(*this) {
  gateway = Bootstrap(rpc_).castAs<wire::Gateway>();
}

template <class Client, class Request, class Pick>
Client ClientCore::Ask(kj::Maybe<Client>& held, Request&& request, const Pick& pick) {
  KJ_IF_MAYBE (client, held) return *client;
  auto promise = request.send();
  Client client = pick(promise);
  held = client;
  tasks_.add(promise.then([this, &held](auto&& response) {
    const Status status = ReadDone(response.getResult());
    if (status) return;
    held = nullptr;  // to be asked for again: roles may change
    refused_ = status.error();
  }));
  return client;
}

wire::Predictor::Client ClientCore::Predictor() {
  auto request = gateway.predictorRequest();
  request.setStore(ToText(store_));
  return Ask(predictor_, request, [](auto& promise) { return promise.getPredictor(); });
}
wire::Eraser::Client ClientCore::Eraser() {
  auto request = gateway.eraserRequest();
  request.setStore(ToText(store_));
  return Ask(eraser_, request, [](auto& promise) { return promise.getEraser(); });
}
wire::Learner::Client ClientCore::Learner() {
  auto request = gateway.learnerRequest();
  request.setStore(ToText(store_));
  return Ask(learner_, request, [](auto& promise) { return promise.getLearner(); });
}
wire::Auditor::Client ClientCore::Auditor() {
  auto request = gateway.auditorRequest();
  request.setStore(ToText(store_));
  return Ask(auditor_, request, [](auto& promise) { return promise.getAuditor(); });
}
wire::Operator::Client ClientCore::Operator() {
  return Ask(operator_, gateway.operatorRequest(), [](auto& promise) { return promise.getOperator(); });
}

// A call on a capability that was not granted fails without saying why; the reason came right before.
Error ClientCore::ToError(const kj::Exception& exception) const {
  const std::string description = exception.getDescription().cStr();
  if (exception.getType() == kj::Exception::Type::DISCONNECTED) {
    return {ErrorCode::kUnreachable, "the connection to the server is gone", "",
            "connect again; requests with an id may be made again"};
  }
  if (exception.getType() == kj::Exception::Type::UNIMPLEMENTED) {
    return {ErrorCode::kUsage, "the server does not know this call", "",
            "it is older than this client: do without, or bring it up to date"};
  }
  const bool no_capability = description.find("null capability") != std::string::npos ||
                             description.find("returned no capabilities") != std::string::npos;
  if (no_capability && refused_) return *refused_;
  return {ErrorCode::kUnreachable, "the server failed: " + description, "", "see the server's log"};
}

void ClientCore::taskFailed(kj::Exception&& /*exception*/) {}  // every call has its own answer to a failure

Status Client::Impl::Fits(capnp::MessageSize call) const {
  const std::uint64_t bytes = call.wordCount * sizeof(capnp::word) + kEnvelopeBytes;
  if (bytes <= server.max_message_bytes) return {};
  return Error{ErrorCode::kUsage,
               fmt::format("the request has {} KiB, and the server takes {} at once", bytes / 1024,
                           server.max_message_bytes / 1024),
               "", "divide it, or let the server take more: 'hedgerow serve --max-message'"};
}

Client::Impl::~Impl() {
  loop.Run([this] {
    connecting = nullptr;
    core = nullptr;
    tls = nullptr;
  });
  loop.Stop();
}

Ticket::State::~State() {
  auto held = std::make_shared<kj::Own<wire::Ticket::Client>>(kj::mv(client));
  impl.loop.Post([held] { const kj::Own<wire::Ticket::Client> dropped = kj::mv(*held); });
}

}  // namespace hedgerow::server
