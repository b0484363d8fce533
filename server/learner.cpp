// Learning and correcting (capabilities.h).
#include "server/update_results.h"
#include "storage/journal.h"

namespace hedgerow::server {
namespace {

class LearnerServer final : public wire::Learner::Server, private PeerObject {
 public:
  LearnerServer(Peer& peer, HostedStore& store) : PeerObject(peer), store_(store) {}

  kj::Promise<void> info(InfoContext call) override {
    WriteModelInfo(InfoOf(store_), call.getResults().initInfo());
    return kj::READY_NOW;
  }
  kj::Promise<void> learn(LearnContext call) override { return Update(call, &HostedStore::Learn, methods().learn); }
  kj::Promise<void> correct(CorrectContext call) override {
    return Update(call, &HostedStore::Correct, methods().correct);
  }

 private:
  using Make = void (HostedStore::*)(datasets::Table, storage::UpdateOptions, const Answer<storage::Outcome>&);

  template <class Call>
  kj::Promise<void> Update(Call& call, Make make, Method& method) {
    const auto start = Method::Clock::now();
    Result<RowsRequest> request = ReadRows(call.getParams().getRequest(), store_.model(), service().max_batch_rows());
    Status status = MayHoldMore(peer());
    if (!request) status = request.error();
    std::string id;
    if (request) {
      if (request->options.request_id.empty()) request->options.request_id = storage::MakeRequestId();
      id = request->options.request_id;
    }
    auto finish = [this, call, start, id, &method](Result<storage::Outcome> outcome) mutable {
      const ErasureReport report = ToReport(store_, std::move(outcome));
      const Status ended = WriteReport(report, /*with_openings=*/false, call.getResults().initResult());
      call.getResults().setTicket(MakeTicket(peer(), TargetsOf(service(), report)));
      method.Record(start, ended, id);
    };
    if (!status) {
      finish(status.error());
      return kj::READY_NOW;
    }
    call.releaseParams();
    return Ask<Result<storage::Outcome>>(
        [&](const auto& done) { (store_.*make)(std::move(request->table), request->options, done); }, kj::mv(finish));
  }

  HostedStore& store_;
};

}  // namespace

wire::Learner::Client MakeLearner(Peer& peer, HostedStore& store) {
  return kj::heap<LearnerServer>(peer, store);
}

}  // namespace hedgerow::server
