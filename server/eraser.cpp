// Forgetting, and tickets (capabilities.h).
#include <fmt/format.h>

#include "server/request_id.h"
#include "server/update_results.h"
#include "storage/journal.h"

namespace hedgerow::server {
namespace {

constexpr std::size_t kMostOpeningBytes = 8U << 10U;

Result<std::vector<storage::Opening>> ReadOpenings(capnp::List<capnp::Text>::Reader from) {
  if (from.size() > kMostOpenings) {
    return Error{ErrorCode::kUsage, fmt::format("more than {} openings", kMostOpenings), "openings",
                 "ask for the receipts in parts"};
  }
  std::vector<storage::Opening> openings;
  for (const auto text : from) {
    auto opening = text.size() <= kMostOpeningBytes ? storage::ParseOpening(View(text)) : std::nullopt;
    if (!opening) {
      return Error{ErrorCode::kBadInput, "it is no opening", fmt::format("opening {}", openings.size() + 1),
                   "give it as it came with the request's answer"};
    }
    openings.push_back(std::move(*opening));
  }
  return openings;
}

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

  kj::Promise<void> receipts(ReceiptsContext call) override {
    const auto start = Method::Clock::now();
    auto finish = [this, call, start](const Result<RequestReceipts>& receipts) mutable {
      auto result = call.getResults().initResult();
      if (receipts) {
        WriteTexts(receipts->last, result.initReceipts(static_cast<unsigned>(receipts->last.size())));
        WriteTexts(receipts->before, result.initParts(static_cast<unsigned>(receipts->before.size())));
        result.setPartCount(receipts->part_count);
      } else {
        WriteProblem(receipts.error(), result.initProblem());
      }
      methods().receipts.Record(start, receipts ? Status() : receipts.error());
    };
    const Result<storage::Stage> stage = FromWire(call.getParams().getStage());
    const Result<Target> target = Find(View(call.getParams().getStore()));
    Result<std::vector<storage::Opening>> openings = ReadOpenings(call.getParams().getOpenings());
    if (!stage || !target || !openings) {
      finish(!stage ? stage.error() : !target ? target.error() : openings.error());
      return kj::READY_NOW;
    }
    const std::uint64_t first_part = call.getParams().getFirstPart();
    return Ask<Result<RequestReceipts>>(
        [&](const auto& done) { service().Receipts(*target, *stage, std::move(*openings), first_part, done); },
        kj::mv(finish));
  }

 private:
  Result<Target> Find(std::string_view store) const {
    if (std::holds_alternative<Error>(what_)) return std::get<Error>(what_);
    const auto& targets = std::get<std::vector<Target>>(what_);
    if (store.empty() && targets.size() == 1) return targets.front();
    for (const Target& target : targets) {
      if (target.store->name() == store) return target;
    }
    return Error{ErrorCode::kUsage, "the request did not go through a store of this name", "store",
                 "name one of those that its answer tells"};
  }

  const std::variant<std::vector<Target>, Error> what_;
};

class EraserServer final : public wire::Eraser::Server, private PeerObject {
 public:
  EraserServer(Peer& peer, std::vector<HostedStore*> stores) : PeerObject(peer), stores_(std::move(stores)) {}

  kj::Promise<void> forget(ForgetContext call) override {
    const auto start = Method::Clock::now();
    Result<storage::ForgetRequest> request = ReadForget(call.getParams().getRequest());
    const bool with_openings = call.getParams().getRequest().getWithOpenings();
    Status status = MayHoldMore(peer());
    if (!request) status = request.error();
    if (!status) {
      Answer(call, start, {ErasureReport::Kind::kFailed, {{"", status.error()}}}, {});
      return kj::READY_NOW;
    }
    if (request->options.request_id.empty()) request->options.request_id = storage::MakeRequestId();
    const std::string id = request->options.request_id;
    call.releaseParams();
    kj::Maybe<InFlight> slot;
    if (status = InFlight::Begin(peer(), slot); !status) {
      Answer(call, start, {ErasureReport::Kind::kFailed, {{"", status.error()}}}, {id});
      return kj::READY_NOW;
    }
    return Bridge<ErasureReport>(peer().loop, [&](const auto& done) { Erase(stores_, *request, done); })
        .then([this, call, start, asked = Asked{id, with_openings}](const kj::Own<ErasureReport>& report) mutable {
          Answer(call, start, *report, asked);
        })
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
  struct Asked {
    std::string id = {};
    bool with_openings = false;
  };

  void Answer(ForgetContext& call, Method::Clock::time_point start, const ErasureReport& report, const Asked& asked) {
    const Status status = WriteReport(report, asked.with_openings, call.getResults().initResult());
    call.getResults().setTicket(MakeTicket(peer(), TargetsOf(service(), report)));
    methods().forget.Record(start, status, asked.id);
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
