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

// What one call tells.
struct ReceiptsPage {
  std::vector<std::string> receipts, parts;
  std::uint64_t part_count = 1;
};

}  // namespace

Result<std::vector<std::string>> Ticket::Receipts(Stage stage, const std::vector<std::string>& openings,
                                                  const std::string& store) const {
  const auto ask = [&](const std::vector<std::string>& with, std::uint64_t first_part) {
    return Wait<Result<ReceiptsPage>>([&](const Reply<ReceiptsPage>& done) {
      state_->impl.Post([&, state = state_, done](ClientCore& core) {
        auto request = state->client->receiptsRequest();
        request.setStage(ToWire(stage));
        request.setStore(ToText(store));
        request.setFirstPart(first_part);
        WriteTexts(with, request.initOpenings(static_cast<unsigned>(with.size())));
        core.Send(
            request,
            [state, done](auto& response) {
              const auto result = response.getResult();
              if (result.isProblem()) return done(ReadProblem(result.getProblem()));
              done(ReceiptsPage{ReadTexts(result.getReceipts()), ReadTexts(result.getParts()), result.getPartCount()});
            },
            done);
      });
    });
  };
  Result<ReceiptsPage> page = ask(openings, 0);
  if (!page) return page.error();
  std::vector<std::string> receipts = std::move(page->receipts);
  const std::uint64_t before = std::max<std::uint64_t>(page->part_count, 1) - 1;
  std::string parts;
  for (std::uint64_t read = 0; read < before;) {
    if (read != 0) page = ask({}, read);
    if (!page) return page.error();
    if (page->parts.empty()) return SenselessAnswer();
    for (const std::string& part : page->parts) parts += part;
    read += page->parts.size();
  }
  for (std::string& receipt : receipts) receipt.insert(0, parts);
  return receipts;
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
      &PageOf);
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
      &PageOf);
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
