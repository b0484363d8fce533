// The calls that read a store's log, and receipts (client.h).
#include "server/client_core.h"
#include "server/client_wait.h"

namespace hedgerow::server {

using storage::Stage;

namespace {

// `prepare(auditor)` makes the request, `read(result)` takes what the answer holds if it is no problem.
template <class T, class Prepare, class Read>
Result<T> AskAuditor(Client::Impl& impl, const Prepare& prepare, const Read& read) {
  return Wait<Result<T>>([&](const Reply<T>& done) {
    impl.Post([&prepare, read, done](ClientCore& core) {
      core.Send(
          prepare(core.Auditor()),
          [read, done](auto& response) {
            const auto result = response.getResult();
            done(result.isProblem() ? Result<T>(ReadProblem(result.getProblem())) : Result<T>(read(result)));
          },
          done);
    });
  });
}

LogPage PageOf(wire::LogPageResult::Reader result) {
  return ReadLogPage(result.getPage());
}

}  // namespace

Result<std::vector<std::string>> Ticket::Receipts(Stage stage, const std::vector<std::string>& openings,
                                                  const std::string& store) const {
  using Texts = std::vector<std::string>;
  return Wait<Result<Texts>>([&](const Reply<Texts>& done) {
    state_->impl.Post([&, state = state_, done](ClientCore& core) {
      auto request = state->client->receiptsRequest();
      request.setStage(ToWire(stage));
      request.setStore(ToText(store));
      WriteTexts(openings, request.initOpenings(static_cast<unsigned>(openings.size())));
      core.Send(
          request,
          [state, done](auto& response) {
            const auto result = response.getResult();
            done(result.isProblem() ? Result<Texts>(ReadProblem(result.getProblem()))
                                    : Result<Texts>(ReadTexts(result.getReceipts())));
          },
          done);
    });
  });
}

Result<LogHead> Client::Log() {
  return AskAuditor<LogHead>(
      *impl_, [](wire::Auditor::Client auditor) { return auditor.logRequest(); },
      [](wire::LogHeadResult::Reader result) { return ReadLogHead(result.getHead()); });
}

Result<LogPage> Client::ListLog(std::uint64_t first, std::uint32_t count) {
  return AskAuditor<LogPage>(
      *impl_,
      [&](wire::Auditor::Client auditor) {
        auto request = auditor.listRequest();
        request.setFirst(first);
        request.setCount(count);
        return request;
      },
      PageOf);
}

Result<LogPage> Client::ShowRequest(const std::string& request_id, std::uint64_t first) {
  return AskAuditor<LogPage>(
      *impl_,
      [&](wire::Auditor::Client auditor) {
        auto request = auditor.showRequest();
        request.setRequestId(ToText(request_id));
        request.setFirst(first);
        return request;
      },
      PageOf);
}

Result<std::string> Client::ProveEntry(std::uint64_t index) {
  return AskAuditor<std::string>(
      *impl_,
      [&](wire::Auditor::Client auditor) {
        auto request = auditor.proveRequest();
        request.setIndex(index);
        return request;
      },
      [](wire::ReceiptResult::Reader result) { return std::string(View(result.getReceipt())); });
}

Result<Consistency> Client::ProveConsistency(std::uint64_t old_size, std::uint64_t size) {
  return AskAuditor<Consistency>(
      *impl_,
      [&](wire::Auditor::Client auditor) {
        auto request = auditor.consistencyRequest();
        request.setOldSize(old_size);
        request.setSize(size);
        return request;
      },
      [](wire::ConsistencyResult::Reader result) { return ReadConsistency(result.getConsistency()); });
}

Result<std::string> Client::LogTile(std::uint8_t level, std::uint64_t index) {
  return AskAuditor<std::string>(
      *impl_,
      [&](wire::Auditor::Client auditor) {
        auto request = auditor.tileRequest();
        request.setLevel(level);
        request.setIndex(index);
        return request;
      },
      [](wire::HashesResult::Reader result) {
        const auto hashes = result.getHashes();
        return std::string(reinterpret_cast<const char*>(hashes.begin()), hashes.size());
      });
}

}  // namespace hedgerow::server
