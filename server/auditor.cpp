// Looking at a store (capabilities.h).
#include "server/capabilities.h"
#include "server/log_reader.h"
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

  kj::Promise<void> log(LogContext call) override {
    return Read<LogHead>(
        call, methods().log_head,
        [&store = store_](const storage::LogFiles& log) -> Result<LogHead> { return HeadOf(log, store.model()); },
        [](const LogHead& head, wire::LogHeadResult::Builder to) { WriteLogHead(head, to.initHead()); });
  }

  kj::Promise<void> list(ListContext call) override {
    const std::uint64_t first = call.getParams().getFirst();
    const std::uint32_t count = call.getParams().getCount();
    return Read<LogPage>(
        call, methods().list, [first, count](const storage::LogFiles& log) { return ReadPage(log, first, count); },
        WritePage);
  }

  kj::Promise<void> show(ShowContext call) override {
    const std::string id(View(call.getParams().getRequestId()));
    const std::uint64_t first = call.getParams().getFirst();
    return Read<LogPage>(
        call, methods().show,
        [&store = store_, id, first](const storage::LogFiles& log) {
          return FindEntries(log, store.directory(), id, first);
        },
        WritePage);
  }

  kj::Promise<void> prove(ProveContext call) override {
    const std::uint64_t index = call.getParams().getIndex();
    return Read<std::string>(
        call, methods().prove, [index](const storage::LogFiles& log) { return ProveEntry(log, index); },
        [](const std::string& receipt, wire::ReceiptResult::Builder to) { to.setReceipt(ToText(receipt)); });
  }

  kj::Promise<void> consistency(ConsistencyContext call) override {
    const std::uint64_t old_size = call.getParams().getOldSize(), size = call.getParams().getSize();
    return Read<Consistency>(
        call, methods().consistency,
        [old_size, size](const storage::LogFiles& log) { return ProveConsistency(log, old_size, size); },
        [](const Consistency& proof, wire::ConsistencyResult::Builder to) {
          WriteConsistency(proof, to.initConsistency());
        });
  }

  kj::Promise<void> tile(TileContext call) override {
    const unsigned level = call.getParams().getLevel();
    const std::uint64_t index = call.getParams().getIndex();
    return Read<std::string>(
        call, methods().tile, [level, index](const storage::LogFiles& log) { return ReadTile(log, level, index); },
        [](const std::string& hashes, wire::HashesResult::Builder to) {
          to.setHashes({reinterpret_cast<const kj::byte*>(hashes.data()), hashes.size()});
        });
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
  static void WritePage(const LogPage& page, wire::LogPageResult::Builder to) { WriteLogPage(page, to.initPage()); }

  // `read` runs beside, with the log's files; `write` puts what it found into the answer.
  template <class T, class Call, class Reading, class Write>
  kj::Promise<void> Read(Call call, Method& method, Reading read, Write write) {
    const auto start = Method::Clock::now();
    return Ask<Result<T>>([&](const auto& done) { service().ReadLog<T>(store_, std::move(read), done); },
                          [call, start, &method, write](const Result<T>& found) mutable {
                            auto result = call.getResults().initResult();
                            if (found) {
                              write(*found, result);
                            } else {
                              WriteProblem(found.error(), result.initProblem());
                            }
                            method.Record(start, found ? Status() : found.error());
                          });
  }

  HostedStore& store_;
};

}  // namespace

wire::Auditor::Client MakeAuditor(Peer& peer, HostedStore& store) {
  return kj::heap<AuditorServer>(peer, store);
}

}  // namespace hedgerow::server
