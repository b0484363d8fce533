// The calls of auditors and operators (client.h).
#include <algorithm>

#include "server/client_core.h"
#include "server/client_wait.h"

namespace hedgerow::server {

namespace {

forest::Digest ToDigest(capnp::Data::Reader data) {
  forest::Digest digest;
  if (data.size() == digest.bytes.size()) std::copy(data.begin(), data.end(), digest.bytes.begin());
  return digest;
}

// A call without an answer of its own.
template <class Prepare>
Status SimpleCall(Client::Impl& impl, const Prepare& prepare) {
  return Wait<Status>([&](const Finished& done) {
    impl.Post([&prepare, done](ClientCore& core) {
      core.Send(
          prepare(core), [done](auto& response) { done(ReadDone(response.getResult())); }, done);
    });
  });
}

}  // namespace

Status Client::Await(const std::string& request_id, storage::Stage stage) {
  return Wait<Status>([&](const Finished& done) {
    impl_->Post([&, done](ClientCore& core) {
      auto find = core.Eraser().findRequest();
      find.setRequestId(ToText(request_id));
      core.Send(
          find,
          [&core, stage, done](auto& response) {
            if (Status status = ReadDone(response.getResult()); !status) return done(status);
            auto wait = response.getTicket().awaitRequest();
            wait.setStage(ToWire(stage));
            core.Send(
                wait, [done](auto& reached) { done(ReadDone(reached.getResult())); }, done);
          },
          done);
    });
  });
}

Result<std::optional<storage::RequestStatus>> Client::StatusOf(const std::string& request_id) {
  using Found = std::optional<storage::RequestStatus>;
  return Wait<Result<Found>>([&](const Reply<Found>& done) {
    impl_->Post([&, done](ClientCore& core) {
      auto request = core.Auditor().statusRequest();
      request.setRequestId(ToText(request_id));
      core.Send(
          request,
          [done](auto& response) {
            const auto result = response.getResult();
            if (result.isProblem()) return done(ReadProblem(result.getProblem()));
            done(result.isRequest() ? Found(ReadRequestStatus(result.getRequest())) : Found());
          },
          done);
    });
  });
}

Result<storage::StoreInfo> Client::Describe() {
  return Wait<Result<storage::StoreInfo>>([&](const Reply<storage::StoreInfo>& done) {
    impl_->Post([done](ClientCore& core) {
      core.Send(
          core.Auditor().infoRequest(),
          [done](auto& response) {
            const auto result = response.getResult();
            if (result.isProblem()) return done(ReadProblem(result.getProblem()));
            done(ReadStoreInfo(result.getInfo()));
          },
          done);
    });
  });
}

Result<Verified> Client::Verify() {
  return Wait<Result<Verified>>([&](const Reply<Verified>& done) {
    impl_->Post([done](ClientCore& core) {
      core.Send(
          core.Auditor().verifyRequest(),
          [done](auto& response) {
            const auto result = response.getResult();
            if (result.isProblem()) return done(ReadProblem(result.getProblem()));
            const auto from = result.getVerification();
            Verified verified;
            verified.equal = from.getEqual();
            verified.seconds = from.getSeconds();
            verified.comparison = {from.getSequence(), from.getRecords(), ToDigest(from.getRoot()),
                                   ToDigest(from.getRegrownRoot())};
            done(verified);
          },
          done);
    });
  });
}

Result<std::string> Client::Metrics() {
  return Wait<Result<std::string>>([&](const Reply<std::string>& done) {
    impl_->Post([done](ClientCore& core) {
      core.Send(
          core.Operator().metricsRequest(), [done](auto& response) { done(std::string(View(response.getText()))); },
          done);
    });
  });
}

Status Client::Checkpoint() {
  return SimpleCall(*impl_, [](ClientCore& core) {
    auto request = core.Operator().checkpointRequest();
    request.setStore(ToText(core.store()));
    return request;
  });
}

Status Client::Compact() {
  return SimpleCall(*impl_, [](ClientCore& core) {
    auto request = core.Operator().compactRequest();
    request.setStore(ToText(core.store()));
    return request;
  });
}

Status Client::Reload() {
  return SimpleCall(*impl_, [](ClientCore& core) { return core.Operator().reloadRequest(); });
}

Status Client::Shutdown() {
  return SimpleCall(*impl_, [](ClientCore& core) { return core.Operator().shutdownRequest(); });
}

}  // namespace hedgerow::server
