#include "server/update_results.h"

#include "storage/evidence/receipt.h"

namespace hedgerow::server {

using Kind = ErasureReport::Kind;

namespace {

Error UnknownError() {
  return {ErrorCode::kUnknownRecord, "somebody or something was never here", "", "nothing was changed; see the result"};
}

const Error& FirstError(const ErasureReport& report) {
  for (const StoreResult& store : report.stores) {
    if (!store.result) return store.result.error();
  }
  Die("a failed request without an error", __FILE__, __LINE__);
}

void WriteOpenings(const storage::Commitment& commitment, wire::Outcome::Builder to) {
  std::vector<std::string> texts;
  for (const storage::Opening& opening : commitment.OpenAll()) texts.push_back(storage::OpeningText(opening));
  WriteTexts(texts, to.initOpenings(static_cast<unsigned>(texts.size())));
}

void WriteStores(const std::vector<StoreResult>& stores, bool with_openings,
                 capnp::List<wire::StoreResult>::Builder to) {
  for (unsigned i = 0; i < stores.size(); ++i) {
    to[i].setStore(ToText(stores[i].store));
    if (!stores[i].result) {
      WriteProblem(stores[i].result.error(), to[i].initProblem());
      continue;
    }
    auto outcome = to[i].initOutcome();
    outcome.setStore(ToText(stores[i].store));
    WriteOutcome(*stores[i].result, outcome);
    if (with_openings) WriteOpenings(stores[i].result->commitment, outcome);
  }
}

}  // namespace

Status WriteReport(const ErasureReport& report, bool with_openings, wire::UpdateResult::Builder to) {
  const auto size = static_cast<unsigned>(report.stores.size());
  switch (report.kind) {
    case Kind::kDone:
      WriteStores(report.stores, with_openings, to.initDone(size));
      return {};
    case Kind::kUnknown:
      WriteStores(report.stores, with_openings, to.initUnknown(size));
      return UnknownError();
    case Kind::kPartial:
      WriteStores(report.stores, with_openings, to.initPartial(size));
      return FirstError(report);
    case Kind::kFailed:
      WriteProblem(FirstError(report), to.initProblem());
      return FirstError(report);
  }
  return {};
}

ErasureReport ToReport(const HostedStore& store, Result<storage::Outcome> outcome) {
  ErasureReport report;
  if (!outcome) {
    report.kind = Kind::kFailed;
  } else if (!outcome->unknown.empty()) {
    report.kind = Kind::kUnknown;
  }
  report.stores.push_back({store.name(), std::move(outcome)});
  return report;
}

std::variant<std::vector<Target>, Error> TargetsOf(Service& service, const ErasureReport& report) {
  if (report.kind == Kind::kUnknown) return UnknownError();
  if (report.kind != Kind::kDone) return FirstError(report);
  std::vector<Target> targets;
  // Where nothing had to be done, what was done earlier has to come as far.
  for (const StoreResult& store : report.stores)
    targets.push_back({*service.Find(store.store), store.result->sequence});
  return targets;
}

}  // namespace hedgerow::server
