// Coming in: roles and the capabilities that they give (capabilities.h).
#include "server/capabilities.h"

namespace hedgerow::server {
namespace {

class GatewayServer final : public wire::Gateway::Server, private PeerObject {
 public:
  GatewayServer(Peer& peer, Roles roles) : PeerObject(peer), roles_(roles) {
    if (!roles_.None()) peer.traffic.stranger = false;
  }

  kj::Promise<void> ping(PingContext /*context*/) override {
    const auto start = Method::Clock::now();
    methods().ping.Record(start, {});
    return kj::READY_NOW;
  }

  kj::Promise<void> info(InfoContext call) override {
    const auto start = Method::Clock::now();
    auto info = call.getResults().initInfo();
    info.setVersion(ToText(context().version));
    const auto names = roles_.Names();
    auto roles = info.initRoles(static_cast<unsigned>(names.size()));
    for (unsigned i = 0; i < names.size(); ++i) roles.set(i, ToText(names[i]));
    if (!roles_.None()) {
      auto stores = info.initStores(static_cast<unsigned>(service().stores().size()));
      for (unsigned i = 0; i < stores.size(); ++i) stores.set(i, ToText(service().stores()[i]->name()));
    }
    info.setMaxBatchRows(service().max_batch_rows());
    info.setMaxMessageBytes(context().limits.messages.message_words * sizeof(capnp::word));
    methods().info.Record(start, {});
    return kj::READY_NOW;
  }

  kj::Promise<void> login(LoginContext call) override {
    const auto start = Method::Clock::now();
    const std::string_view token = View(call.getParams().getToken());
    const auto tokens = context().access.tokens();
    const Grant* grant = tokens->Find(token);
    Status status = MayHoldMore(peer());
    if (grant == nullptr) {
      status = Error{ErrorCode::kUnauthorised, "this token is not known", "", "ask the server's operator for one"};
    }
    if (status) {
      peer().tokens.insert(grant->hash);
      call.getResults().setGateway(MakeGateway(peer(), roles_ | grant->roles));
    }
    WriteDone(status, call.getResults().initResult());
    methods().login.Record(start, status);
    return kj::READY_NOW;
  }

  kj::Promise<void> predictor(PredictorContext call) override {
    return GiveOf(Role::kPredict, call,
                  [&](HostedStore& store) { call.getResults().setPredictor(MakePredictor(peer(), store)); });
  }
  kj::Promise<void> learner(LearnerContext call) override {
    return GiveOf(Role::kLearn, call,
                  [&](HostedStore& store) { call.getResults().setLearner(MakeLearner(peer(), store)); });
  }
  kj::Promise<void> auditor(AuditorContext call) override {
    return GiveOf(Role::kAudit, call,
                  [&](HostedStore& store) { call.getResults().setAuditor(MakeAuditor(peer(), store)); });
  }

  kj::Promise<void> eraser(EraserContext call) override {
    const auto start = Method::Clock::now();
    Status status = Check(Role::kErase);
    if (status) {
      auto stores = service().FindAll(View(call.getParams().getStore()));
      if (stores) {
        call.getResults().setEraser(MakeEraser(peer(), std::move(*stores)));
      } else {
        status = stores.error();
      }
    }
    return Finish(call, start, status);
  }

  kj::Promise<void> operator_(OperatorContext call) override {
    const auto start = Method::Clock::now();
    const Status status = Check(Role::kOperate);
    if (status) call.getResults().setOperator(MakeOperator(peer()));
    return Finish(call, start, status);
  }

 private:
  Status Check(Role role) {
    if (Status status = Require(roles_, role); !status) return status;
    return MayHoldMore(peer());
  }

  template <class Call>
  kj::Promise<void> Finish(Call& call, Method::Clock::time_point start, const Status& status) {
    WriteDone(status, call.getResults().initResult());
    methods().grant.Record(start, status);
    return kj::READY_NOW;
  }

  template <class Call, class Give>
  kj::Promise<void> GiveOf(Role role, Call& call, const Give& give) {
    const auto start = Method::Clock::now();
    Status status = Check(role);
    if (status) {
      const Result<HostedStore*> store = service().Find(View(call.getParams().getStore()));
      if (store) {
        give(**store);
      } else {
        status = store.error();
      }
    }
    return Finish(call, start, status);
  }

  const Roles roles_;
};

}  // namespace

Status MayHoldMore(const Peer& peer) {
  if (peer.objects < peer.context.limits.peer_objects) return {};
  return Error{ErrorCode::kOverloaded, "this connection holds too many capabilities", "",
               "release those that are not needed"};
}

wire::Gateway::Client MakeGateway(Peer& peer, Roles roles) {
  return kj::heap<GatewayServer>(peer, roles);
}

ModelInfo InfoOf(const HostedStore& store) {
  return {store.name(), store.model(), store.applied()};
}

}  // namespace hedgerow::server
