// Forgetting, and tickets (capabilities.h).
#include <fmt/format.h>

#include "server/request_id.h"
#include "server/update_results.h"
#include "storage/journal.h"

namespace hedgerow::server {
namespace {

class TicketServer final : public wire::Ticket::Server, private PeerObject {
 public:
  TicketServer(Peer& peer, std::variant<std::vector<Target>, Error> what) : PeerObject(peer), what_(std::move(what)) {}

  kj::Promise<void> await(AwaitContext call) override {
    const auto start = Method::Clock::now();
    const Result<storage::Stage> stage = FromWire(call.getParams().getStage());
    auto finish = [this, call, start](const Status& status) mutable {
      WriteDone(status, call.getResults().initResult());
      methods().await.Record(start, status);
    };
    if (std::holds_alternative<Error>(what_) || !stage) {
      finish(stage ? std::get<Error>(what_) : stage.error());
      return kj::READY_NOW;
    }
    return Ask<Status>([&](const auto& done) { service().Await(std::get<std::vector<Target>>(what_), *stage, done); },
                       kj::mv(finish));
  }

 private:
  const std::variant<std::vector<Target>, Error> what_;
};

class EraserServer final : public wire::Eraser::Server, private PeerObject {
 public:
  EraserServer(Peer& peer, std::vector<HostedStore*> stores) : PeerObject(peer), stores_(std::move(stores)) {}

  kj::Promise<void> forget(ForgetContext call) override {
    const auto start = Method::Clock::now();
    Result<storage::ForgetRequest> request = ReadForget(call.getParams().getRequest());
    Status status = MayHoldMore(peer());
    if (!request) status = request.error();
    if (!status) {
      Answer(call, start, {ErasureReport::Kind::kFailed, {{"", status.error()}}}, "");
      return kj::READY_NOW;
    }
    if (request->options.request_id.empty()) request->options.request_id = storage::MakeRequestId();
    const std::string id = request->options.request_id;
    call.releaseParams();
    kj::Maybe<InFlight> slot;
    if (status = InFlight::Begin(peer(), slot); !status) {
      Answer(call, start, {ErasureReport::Kind::kFailed, {{"", status.error()}}}, id);
      return kj::READY_NOW;
    }
    return Bridge<ErasureReport>(peer().loop, [&](const auto& done) { Erase(stores_, *request, done); })
        .then(
            [this, call, start, id](const kj::Own<ErasureReport>& report) mutable { Answer(call, start, *report, id); })
        .attach(kj::mv(slot));
  }

  kj::Promise<void> find(FindContext call) override {
    const auto start = Method::Clock::now();
    const auto id = NormalRequestId(View(call.getParams().getRequestId()));
    auto finish = [this, call, start](Result<std::vector<Target>> targets) mutable {
      Status status = MayHoldMore(peer());
      if (!targets) {
        status = targets.error();
      } else if (targets->empty()) {
        status = Error{ErrorCode::kUnknownRecord, "no such request was carried out here", "",
                       "make it again, with the same id"};
      }
      if (status) call.getResults().setTicket(MakeTicket(peer(), std::move(*targets)));
      WriteDone(status, call.getResults().initResult());
      methods().find.Record(start, status);
    };
    if (!id) {
      finish(Error{ErrorCode::kUsage, "the request id is no UUID", "requestId", "give the request's id"});
      return kj::READY_NOW;
    }
    return Ask<Result<std::vector<Target>>>([&](const auto& done) { service().FindRequest(stores_, *id, done); },
                                            kj::mv(finish));
  }

 private:
  void Answer(ForgetContext& call, Method::Clock::time_point start, const ErasureReport& report,
              const std::string& id) {
    const Status status = WriteReport(report, call.getResults().initResult());
    call.getResults().setTicket(MakeTicket(peer(), TargetsOf(service(), report)));
    methods().forget.Record(start, status, id);
  }

  const std::vector<HostedStore*> stores_;
};

}  // namespace

wire::Eraser::Client MakeEraser(Peer& peer, std::vector<HostedStore*> stores) {
  return kj::heap<EraserServer>(peer, std::move(stores));
}

wire::Ticket::Client MakeTicket(Peer& peer, std::variant<std::vector<Target>, Error> what) {
  return kj::heap<TicketServer>(peer, std::move(what));
}

}  // namespace hedgerow::server
