// Looking at a store (capabilities.h).
#include "server/capabilities.h"
#include "server/request_id.h"

namespace hedgerow::server {
namespace {

using MaybeStatus = std::optional<storage::RequestStatus>;

capnp::Data::Reader ToData(const forest::Digest& digest) {
  return {digest.bytes.data(), digest.bytes.size()};
}

class AuditorServer final : public wire::Auditor::Server, private PeerObject {
 public:
  AuditorServer(Peer& peer, HostedStore& store) : PeerObject(peer), store_(store) {}

  kj::Promise<void> model(ModelContext call) override {
    WriteModelInfo(InfoOf(store_), call.getResults().initInfo());
    return kj::READY_NOW;
  }

  kj::Promise<void> info(InfoContext call) override {
    const auto start = Method::Clock::now();
    return Ask<Result<storage::StoreInfo>>([&](const auto& done) { service().Describe(store_, done); },
                                           [this, call, start](const Result<storage::StoreInfo>& info) mutable {
                                             auto result = call.getResults().initResult();
                                             if (info) {
                                               WriteStoreInfo(*info, result.initInfo());
                                             } else {
                                               WriteProblem(info.error(), result.initProblem());
                                             }
                                             methods().describe.Record(start, info ? Status() : info.error());
                                           });
  }

  kj::Promise<void> status(StatusContext call) override {
    const auto start = Method::Clock::now();
    const auto id = NormalRequestId(View(call.getParams().getRequestId()));
    auto finish = [this, call, start, id](const Result<MaybeStatus>& found) mutable {
      auto result = call.getResults().initResult();
      if (!found) {
        WriteProblem(found.error(), result.initProblem());
      } else if (*found) {
        WriteRequestStatus(**found, *id, result.initRequest());
      } else {
        result.setNotFound();
      }
      methods().status.Record(start, found ? Status() : found.error(), id ? *id : "");
    };
    if (!id) {
      finish(Error{ErrorCode::kUsage, "the request id is no UUID", "requestId", "give the request's id"});
      return kj::READY_NOW;
    }
    return Ask<Result<MaybeStatus>>([&](const auto& done) { service().StatusOf({&store_}, *id, done); },
                                    kj::mv(finish));
  }

  kj::Promise<void> verify(VerifyContext call) override {
    const auto start = Method::Clock::now();
    return Ask<Result<Verification>>([&](const auto& done) { service().Verify(store_, done); },
                                     [this, call, start](const Result<Verification>& found) mutable {
                                       auto result = call.getResults().initResult();
                                       if (found) {
                                         auto verification = result.initVerification();
                                         const storage::Comparison& comparison = found->comparison;
                                         verification.setEqual(comparison.root == comparison.regrown_root);
                                         verification.setRoot(ToData(comparison.root));
                                         verification.setRegrownRoot(ToData(comparison.regrown_root));
                                         verification.setRecords(comparison.records);
                                         verification.setSequence(comparison.sequence);
                                         verification.setSeconds(found->seconds);
                                       } else {
                                         WriteProblem(found.error(), result.initProblem());
                                       }
                                       methods().verify.Record(start, found ? Status() : found.error());
                                     });
  }

 private:
  HostedStore& store_;
};

}  // namespace

wire::Auditor::Client MakeAuditor(Peer& peer, HostedStore& store) {
  return kj::heap<AuditorServer>(peer, store);
}

}  // namespace hedgerow::server
