#include "server/erasure.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include "storage/journal.h"

namespace hedgerow::server {

using storage::ForgetRequest;
using storage::Outcome;
using Kind = ErasureReport::Kind;

namespace {

// One request on its way through the stores. Kept alive by the answers that it waits for.
class Erasure : public std::enable_shared_from_this<Erasure> {
 public:
  Erasure(std::vector<HostedStore*> stores, ForgetRequest request, std::function<void(ErasureReport)> done)
      : stores_(std::move(stores)), request_(std::move(request)), done_(std::move(done)) {
    for (HostedStore* store : stores_) report_.stores.push_back({store->name(), Error{}});
  }

  void Start() {
    if (!request_.dry_run && stores_.size() == 1) return ForgetAll();
    Ask(&HostedStore::Resolve, [this] { Resolved(); });
  }

 private:
  using Method = void (HostedStore::*)(ForgetRequest, const Answer<Outcome>&);

  // Asks all stores, and goes on when the last one has answered: whoever counts to zero sees what the others wrote.
  void Ask(Method method, const std::function<void()>& then) {
    left_ = stores_.size();
    for (std::size_t i = 0; i < stores_.size(); ++i) {
      (stores_[i]->*method)(request_, [self = shared_from_this(), i, then](Result<Outcome> outcome) {
        self->report_.stores[i].result = std::move(outcome);
        if (--self->left_ == 0) then();
      });
    }
  }

  void Resolved() {
    if (AnyFailed()) return Finish(Kind::kFailed);
    const std::vector<std::size_t> nowhere = UnknownEverywhere();
    bool unknown = !nowhere.empty();
    for (StoreResult& store : report_.stores) {
      store.result->unknown_subjects = nowhere;
      unknown = unknown || !store.result->unknown.empty();
    }
    if (unknown) return Finish(Kind::kUnknown);
    if (request_.dry_run) return Finish(Kind::kDone);
    request_.skip_unknown_subjects = true;
    ForgetAll();
  }

  void ForgetAll() {
    Ask(&HostedStore::Forget, [this] {
      if (AnyFailed()) return Finish(AllFailed() ? Kind::kFailed : Kind::kPartial);
      bool unknown = false;
      for (StoreResult& store : report_.stores) {
        if (request_.skip_unknown_subjects) store.result->unknown_subjects.clear();
        unknown = unknown || !store.result->unknown.empty() || !store.result->unknown_subjects.empty();
      }
      Finish(unknown ? Kind::kUnknown : Kind::kDone);
    });
  }

  bool AnyFailed() const {
    return std::any_of(report_.stores.begin(), report_.stores.end(), [](const StoreResult& s) { return !s.result; });
  }
  bool AllFailed() const {
    return std::all_of(report_.stores.begin(), report_.stores.end(), [](const StoreResult& s) { return !s.result; });
  }

  // Positions of subjects that no store has ever seen.
  std::vector<std::size_t> UnknownEverywhere() const {
    std::vector<std::size_t> positions = report_.stores.front().result->unknown_subjects;
    for (const StoreResult& store : report_.stores) {
      const std::vector<std::size_t>& here = store.result->unknown_subjects;
      std::erase_if(positions, [&](std::size_t p) { return std::find(here.begin(), here.end(), p) == here.end(); });
    }
    return positions;
  }

  void Finish(Kind kind) {
    report_.kind = kind;
    done_(std::move(report_));
  }

  const std::vector<HostedStore*> stores_;
  ForgetRequest request_;
  const std::function<void(ErasureReport)> done_;
  ErasureReport report_;
  std::atomic<std::size_t> left_ = 0;
};

void Refuse(HostedStore& store, const std::function<void(ErasureReport)>& done, Error error) {
  done({Kind::kFailed, {{store.name(), std::move(error)}}});
}

}  // namespace

void Erase(const std::vector<HostedStore*>& stores, const ForgetRequest& request,
           std::function<void(ErasureReport)> done) {
  HEDGEROW_CHECK(!stores.empty(), "an erasure in no store");
  if (request.records.empty() && request.subjects.empty()) {
    return Refuse(*stores.front(), done, {ErrorCode::kUsage, "nobody to forget", "", "name a record or a subject"});
  }
  if (stores.size() > 1 && !request.records.empty()) {
    return Refuse(*stores.front(), done,
                  {ErrorCode::kUsage, "records are named without their store", "", "ask for the eraser of one store"});
  }
  ForgetRequest named = request;
  // One id for all stores, so that the whole can be made again.
  if (named.options.request_id.empty()) named.options.request_id = storage::MakeRequestId();
  std::make_shared<Erasure>(stores, std::move(named), std::move(done))->Start();
}

}  // namespace hedgerow::server
