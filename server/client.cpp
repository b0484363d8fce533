#include "server/client.h"

#include <algorithm>
#include <utility>

#include "server/client_core.h"
#include "server/client_wait.h"

namespace hedgerow::server {

using storage::Stage;

namespace {

Result<Update> ReadUpdate(wire::UpdateResult::Reader result) {
  Update update;
  capnp::List<wire::StoreResult>::Reader stores;
  switch (result.which()) {
    case wire::UpdateResult::PROBLEM:
      return ReadProblem(result.getProblem());
    case wire::UpdateResult::DONE:
      stores = result.getDone();
      break;
    case wire::UpdateResult::UNKNOWN:
      update.kind = Update::Kind::kUnknown;
      stores = result.getUnknown();
      break;
    case wire::UpdateResult::PARTIAL:
      update.kind = Update::Kind::kPartial;
      stores = result.getPartial();
      break;
  }
  for (const wire::StoreResult::Reader store : stores) {
    Result<storage::Outcome> outcome =
        store.isOutcome() ? Result<storage::Outcome>(ReadOutcome(store.getOutcome())) : ReadProblem(store.getProblem());
    std::vector<std::string> openings;
    if (store.isOutcome()) openings = ReadTexts(store.getOutcome().getOpenings());
    update.stores.push_back({std::string(View(store.getStore())), std::move(outcome), std::move(openings)});
  }
  return update;
}

// Sends an update's request; the answer holds its ticket.
template <class Request>
void SendUpdate(Client::Impl& impl, ClientCore& core, Request&& request, const Reply<Update>& reply) {
  if (Status fits = impl.Fits(request.totalSize()); !fits) return reply(fits.error());
  core.Send(
      request,
      [&impl, reply](auto& response) {
        Result<Update> update = ReadUpdate(response.getResult());
        if (update) update->ticket = Ticket(std::make_shared<Ticket::State>(impl, response.getTicket()));
        reply(std::move(update));
      },
      reply);
}

}  // namespace

Error SenselessAnswer(std::string place) {
  return {ErrorCode::kUnreachable, "the server's answer makes no sense", std::move(place),
          "use a client of its version"};
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

const ServerInfo& Client::server() const {
  return impl_->server;
}

void Ticket::Await(Stage stage, Finished finished) const {
  state_->impl.Post([state = state_, stage, finished = std::move(finished)](ClientCore& core) {
    auto request = state->client->awaitRequest();
    request.setStage(ToWire(stage));
    core.Send(
        request, [finished, state](auto& response) { finished(ReadDone(response.getResult())); }, finished);
  });
}

Status Ticket::Await(Stage stage) const {
  return Wait<Status>([&](auto done) { Await(stage, done); });
}

Result<ModelInfo> Client::Info() {
  const std::vector<std::string>& roles = impl_->server.roles;
  const auto has = [&](const char* role) { return std::find(roles.begin(), roles.end(), role) != roles.end(); };
  return Wait<Result<ModelInfo>>([&](const Reply<ModelInfo>& done) {
    impl_->Post([&, done](ClientCore& core) {
      const auto read = [done](auto& response) { done(ReadModelInfo(response.getInfo())); };
      if (has("predict")) {
        core.Send(core.Predictor().infoRequest(), read, done);
      } else if (has("learn")) {
        core.Send(core.Learner().infoRequest(), read, done);
      } else {
        core.Send(core.Auditor().modelRequest(), read, done);
      }
    });
  });
}

void Client::Ping(Finished finished) {
  impl_->Post([finished = std::move(finished)](ClientCore& core) {
    core.Send(
        core.gateway.pingRequest(), [finished](auto&) { finished({}); }, finished);
  });
}

Status Client::Ping() {
  return Wait<Status>([&](auto done) { Ping(done); });
}

void Client::Forget(storage::ForgetRequest request, Stage stage, Reply<Update> reply, Openings openings) {
  impl_->Post([this, request = std::move(request), stage, reply = std::move(reply), openings](ClientCore& core) {
    auto call = core.Eraser().forgetRequest();
    WriteForget(request, openings == Openings::kWanted, call.initRequest());
    if (stage == Stage::kUnlearned || request.dry_run) return SendUpdate(*impl_, core, call, reply);
    if (Status fits = impl_->Fits(call.totalSize()); !fits) return reply(fits.error());
    // The ticket is waited for in the same breath; its answer comes after the request's own.
    auto update = std::make_shared<std::optional<Result<Update>>>();
    auto promise = call.send();
    auto wait = promise.getTicket().awaitRequest();
    wait.setStage(ToWire(stage));
    auto waited = wait.send();
    core.Keep(promise
                  .then([this, update](auto&& response) {
                    *update = ReadUpdate(response.getResult());
                    if (!**update) return;
                    (**update)->ticket = Ticket(std::make_shared<Ticket::State>(*impl_, response.getTicket()));
                  })
                  .then([waited = kj::mv(waited)]() mutable { return kj::mv(waited); })
                  .then(
                      [update, reply](auto&& response) {
                        const Status status = ReadDone(response.getResult());
                        const bool refused = !**update || (**update)->kind != Update::Kind::kDone;
                        reply(status || refused ? std::move(**update) : Result<Update>(status.error()));
                      },
                      [&core, reply](kj::Exception&& exception) { reply(core.ToError(exception)); }));
  });
}

Result<Update> Client::Forget(const storage::ForgetRequest& request, Stage stage, Openings openings) {
  return Wait<Result<Update>>([&](auto done) { Forget(request, stage, done, openings); });
}

void Client::Learn(datasets::Table table, storage::UpdateOptions options, Reply<Update> reply) {
  impl_->Post(
      [this, table = std::move(table), options = std::move(options), reply = std::move(reply)](ClientCore& core) {
        auto request = core.Learner().learnRequest();
        WriteRows(table, options, request.initRequest());
        SendUpdate(*impl_, core, request, reply);
      });
}

Result<Update> Client::Learn(const datasets::Table& table, const storage::UpdateOptions& options) {
  return Wait<Result<Update>>([&](auto done) { Learn(table, options, done); });
}

void Client::Correct(datasets::Table table, storage::UpdateOptions options, Reply<Update> reply) {
  impl_->Post(
      [this, table = std::move(table), options = std::move(options), reply = std::move(reply)](ClientCore& core) {
        auto request = core.Learner().correctRequest();
        WriteRows(table, options, request.initRequest());
        SendUpdate(*impl_, core, request, reply);
      });
}

Result<Update> Client::Correct(const datasets::Table& table, const storage::UpdateOptions& options) {
  return Wait<Result<Update>>([&](auto done) { Correct(table, options, done); });
}

}  // namespace hedgerow::server
