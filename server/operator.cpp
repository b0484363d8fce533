// Running the server (capabilities.h).
#include "server/capabilities.h"

namespace hedgerow::server {
namespace {

class OperatorServer final : public wire::Operator::Server, private PeerObject {
 public:
  explicit OperatorServer(Peer& peer) : PeerObject(peer) {}

  kj::Promise<void> metrics(MetricsContext call) override {
    const auto start = Method::Clock::now();
    return Ask<Result<std::string>>([&](const auto& done) { service().RenderMetrics(done); },
                                    [this, call, start](const Result<std::string>& text) mutable {
                                      if (text) call.getResults().setText(ToText(*text));
                                      methods().metrics.Record(start, text ? Status() : text.error());
                                    });
  }

  kj::Promise<void> checkpoint(CheckpointContext call) override {
    return Upkeep(call, &Service::Checkpoint, methods().checkpoint);
  }
  kj::Promise<void> compact(CompactContext call) override { return Upkeep(call, &Service::Compact, methods().compact); }

  kj::Promise<void> reload(ReloadContext call) override {
    const auto start = Method::Clock::now();
    return Ask<Status>(
        [&](const auto& done) { service().RunLater(context().reload, done); },
        [this, call, start](const Status& status) mutable { Finish(call, start, methods().reload, status); });
  }

  kj::Promise<void> shutdown(ShutdownContext call) override {
    const auto start = Method::Clock::now();
    context().log.Info("shutdown", {{"by", "rpc"}});
    context().shutdown();
    Finish(call, start, methods().shutdown, {});
    return kj::READY_NOW;
  }

 private:
  template <class Call>
  static void Finish(Call& call, Method::Clock::time_point start, Method& method, const Status& status) {
    WriteDone(status, call.getResults().initResult());
    method.Record(start, status);
  }

  template <class Call>
  kj::Promise<void> Upkeep(Call& call, void (Service::*work)(HostedStore&, const StageWaiter::Done&), Method& method) {
    const auto start = Method::Clock::now();
    const Result<HostedStore*> store = service().Find(View(call.getParams().getStore()));
    if (!store) {
      Finish(call, start, method, store.error());
      return kj::READY_NOW;
    }
    return Ask<Status>([&](const auto& done) { (service().*work)(**store, done); },
                       [call, start, &method](const Status& status) mutable { Finish(call, start, method, status); });
  }
};

}  // namespace

wire::Operator::Client MakeOperator(Peer& peer) {
  return kj::heap<OperatorServer>(peer);
}

}  // namespace hedgerow::server
