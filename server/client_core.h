// The part of a client that lives on its event loop; only server/client*.cpp include it.
//
// Thread rule: the event loop's thread.
#pragma once

#include <capnp/rpc-twoparty.h>
#include <kj/compat/tls.h>

#include <optional>
#include <string>
#include <utility>

#include "server/client.h"
#include "server/hedgerow.capnp.h"
#include "server/loop_thread.h"
#include "server/wire.h"

namespace hedgerow::server {

class ClientCore final : private kj::TaskSet::ErrorHandler {
 public:
  ClientCore(kj::Own<kj::AsyncIoStream> stream, std::string store);

  // Capabilities are asked for when they are first used; calls go out behind that question without waiting for it.
  wire::Predictor::Client Predictor();
  wire::Eraser::Client Eraser();
  wire::Learner::Client Learner();
  wire::Auditor::Client Auditor();
  wire::Operator::Client Operator();
  const std::string& store() const { return store_; }

  // Sends, and gives the response or an error to one of the two.
  template <class Request, class Then, class Fail>
  void Send(Request&& request, Then then, Fail fail) {
    tasks_.add(request.send().then(
        [then = std::move(then)](auto&& response) mutable { then(response); },
        [this, fail = std::move(fail)](kj::Exception&& exception) mutable { fail(ToError(exception)); }));
  }
  void Keep(kj::Promise<void> task) { tasks_.add(kj::mv(task)); }
  Error ToError(const kj::Exception& exception) const;

  wire::Gateway::Client gateway;

 private:
  template <class Client, class Request, class Pick>
  Client Ask(kj::Maybe<Client>& held, Request&& request, const Pick& pick);
  void taskFailed(kj::Exception&& exception) override;

  const std::string store_;
  kj::Own<kj::AsyncIoStream> stream_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
  kj::Maybe<wire::Predictor::Client> predictor_;
  kj::Maybe<wire::Eraser::Client> eraser_;
  kj::Maybe<wire::Learner::Client> learner_;
  kj::Maybe<wire::Auditor::Client> auditor_;
  kj::Maybe<wire::Operator::Client> operator_;
  std::optional<Error> refused_;  // why the capability that was asked for last was not granted
  kj::TaskSet tasks_;
};

struct Client::Impl {
  explicit Impl(std::string asked_store) : store(std::move(asked_store)), loop("hr-client") {}
  ~Impl();

  // Runs on the loop with the core.
  template <class Job>
  void Post(Job job) {
    loop.Post([this, job = std::make_shared<Job>(std::move(job))] { (*job)(*core); });
  }

  // kUsage for a call that is larger than the server takes: it would end the connection, so it is not sent.
  Status Fits(capnp::MessageSize call) const;

  const std::string store;
  ServerInfo server;
  LoopThread loop;
  kj::Own<kj::TlsContext> tls;             // of the loop
  kj::Own<ClientCore> core;                // of the loop
  kj::Promise<void> connecting = nullptr;  // of the loop
};

struct Ticket::State {
  State(Client::Impl& of, wire::Ticket::Client held) : impl(of), client(kj::heap<wire::Ticket::Client>(kj::mv(held))) {}
  ~State();
  Client::Impl& impl;
  kj::Own<wire::Ticket::Client> client;  // of the loop
};

}  // namespace hedgerow::server
