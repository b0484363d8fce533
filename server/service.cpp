#include "server/service.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <type_traits>
#include <utility>

namespace hedgerow::server {

using storage::Stage;

namespace {

constexpr Worker::Limits kReads{.jobs = 1'024, .bytes = 16U << 20U};
constexpr Worker::Limits kAudits{.jobs = 256, .bytes = 16U << 20U};
constexpr std::size_t kPageParts = 512;
constexpr std::size_t kPageBytes = 1U << 20U;
constexpr Worker::Limits kUpkeep{.jobs = 4, .bytes = 1U << 20U};  // each may take as long as training

Error Busy(const std::string& place) {
  Error error{ErrorCode::kOverloaded, "too many requests of this sort are waiting", place, "come again a little later"};
  error.retry_after_ms = 100;
  return error;
}

// Of one row.
template <class T>
std::size_t AnswerBytes(const Model& model) {
  return std::is_same_v<T, Prediction> ? model.classes() * sizeof(double) : sizeof(datasets::ClassCode);
}

// No more than a page of the parts before the last.
RequestReceipts ToPage(const storage::RequestReceipts& receipts) {
  RequestReceipts page{.part_count = receipts.part_count};
  for (const storage::Receipt& receipt : receipts.last) page.last.push_back(receipt.ToText());
  std::size_t bytes = 0;
  for (const storage::Receipt& receipt : receipts.before) {
    std::string text = receipt.ToText();
    bytes += text.size();
    if (!page.before.empty() && bytes > kPageBytes) break;
    page.before.push_back(std::move(text));
  }
  return page;
}

}  // namespace

// Updates of one store come one after the other, so the stores could share an executor only if they took turns: each
// gets a serial one for its roots, which costs little since only touched paths are hashed.
Service::Service(ServiceOptions options)
    : options_(std::move(options)),
      store_executor_(forest::MakeSerialExecutor()),
      batch_executor_(options_.make_executor()),
      verify_executor_(options_.make_executor()),
      batches_("hr-batches", options_.batches),
      reads_("hr-reads", kReads),
      audits_("hr-audits", kAudits),
      upkeep_("hr-upkeep", kUpkeep) {}

Service::~Service() {
  (void)Drain();
}

Result<std::unique_ptr<Service>> Service::Open(const ServiceOptions& options) {
  if (options.stores.empty()) return Error{ErrorCode::kUsage, "there is no store to serve", "--store", "name one"};
  std::set<std::string> names;
  for (const StoreSpec& spec : options.stores) {
    if (!names.insert(spec.name).second) {
      return Error{ErrorCode::kUsage, "two stores have the same name", spec.name, "name them with --store NAME=DIR"};
    }
  }
  std::unique_ptr<Service> service(new Service(options));
  for (const StoreSpec& spec : options.stores) {
    auto store = storage::Store::Open(spec.directory,
                                      {.erase_within = options.erase_within,
                                       .defer = options.defer,
                                       .background = service->background_.get(),
                                       .cache_bytes = options.cache_bytes},
                                      *service->store_executor_);
    if (!store) return store.error();
    service->stores_.push_back(
        std::make_unique<HostedStore>(spec.name, spec.directory, std::move(*store), options.limits, service->metrics_));
  }
  service->AddStoreMetrics();
  if (options.verify_every.count() > 0) service->VerifyEvery(options.verify_every);
  return service;
}

// A store is not verified anew before the last verification of it is done, or those that take longer than the interval
// would leave no room for what is asked for. A turn is there as long as the job that has it.
void Service::VerifyEvery(std::chrono::milliseconds interval) {
  struct Turn {};
  std::vector<std::weak_ptr<Turn>> turns(stores_.size());
  verifier_ = std::make_unique<Periodic>(interval, [this, turns]() mutable {
    for (std::size_t i = 0; i < stores_.size(); ++i) {
      if (!turns[i].expired()) continue;
      const auto turn = std::make_shared<Turn>();
      turns[i] = turn;
      // If there is no room, others ask for enough.
      (void)upkeep_.TryPost([this, turn, &store = *stores_[i]] { store.Verify(*verify_executor_); });
    }
  });
}

Result<HostedStore*> Service::Find(std::string_view name) const {
  if (name.empty() && stores_.size() == 1) return stores_.front().get();
  for (const auto& store : stores_) {
    if (store->name() == name) return store.get();
  }
  return Error{ErrorCode::kUsage, name.empty() ? "there are several stores here" : "there is no store of this name", "",
               "name one of those that the server's info tells"};
}

Result<std::vector<HostedStore*>> Service::FindAll(std::string_view name) const {
  std::vector<HostedStore*> stores;
  for (const auto& store : stores_) stores.push_back(store.get());
  if (name.empty()) return stores;
  const Result<HostedStore*> one = Find(name);
  if (!one) return one.error();
  return std::vector<HostedStore*>{*one};
}

template <class T>
void Service::PredictBatch(HostedStore& store, std::vector<datasets::Cell> rows, std::uint64_t not_before,
                           const Answer<T>& done) {
  const std::size_t count = rows.size() / store.model().width();
  const std::size_t bytes = rows.size() * sizeof(datasets::Cell) + count * AnswerBytes<T>(store.model());
  const bool taken = batches_.TryPost([this, &store, rows = std::move(rows), not_before,
                                       done] { done(store.Predict<T>(rows, not_before, *batch_executor_)); },
                                      bytes);
  if (!taken) done(Busy(store.name()));
}

template void Service::PredictBatch(HostedStore&, std::vector<datasets::Cell>, std::uint64_t,
                                    const Answer<Prediction>&);
template void Service::PredictBatch(HostedStore&, std::vector<datasets::Cell>, std::uint64_t,
                                    const Answer<Classification>&);

void Service::Await(const std::vector<Target>& targets, Stage stage, const StageWaiter::Done& done) {
  struct Join {
    std::mutex mutex;
    std::size_t left = 0;
    Status status;
  };
  if (targets.empty()) return done({});
  const auto join = std::make_shared<Join>();
  join->left = targets.size();
  for (const Target& target : targets) {
    target.store->Await(target.sequence, stage, [join, done](const Status& status) {
      Status result;
      {
        const std::lock_guard lock(join->mutex);
        if (!status && join->status.ok()) join->status = status;
        if (--join->left != 0) return;
        result = join->status;
      }
      done(result);
    });
  }
}

void Service::StatusOf(std::vector<HostedStore*> stores, std::string request_id,
                       const Answer<std::optional<storage::RequestStatus>>& done) {
  const std::string place = stores.front()->name();
  const bool taken = reads_.TryPost([stores = std::move(stores), request_id = std::move(request_id), done] {
    for (HostedStore* store : stores) {
      auto status = store->store().StatusOf(request_id);
      if (!status) return done(status.error());
      if (*status) return done(std::move(*status));
    }
    done(std::optional<storage::RequestStatus>());
  });
  if (!taken) done(Busy(place));
}

void Service::FindRequest(std::vector<HostedStore*> stores, std::string request_id,
                          const Answer<std::vector<Target>>& done) {
  const std::string place = stores.front()->name();
  const bool taken = reads_.TryPost([stores = std::move(stores), request_id = std::move(request_id), done] {
    std::vector<Target> targets;
    for (HostedStore* store : stores) {
      const auto status = store->store().StatusOf(request_id);
      if (!status) return done(status.error());
      if (*status) targets.push_back({store, (*status)->sequence});
    }
    done(std::move(targets));
  });
  if (!taken) done(Busy(place));
}

void Service::Describe(HostedStore& store, const Answer<storage::StoreInfo>& done) {
  if (!reads_.TryPost([&store, done] { done(store.store().Describe()); })) done(Busy(store.name()));
}

void Service::Verify(HostedStore& store, const Answer<Verification>& done) {
  const bool taken = upkeep_.TryPost([this, &store, done] {
    const auto start = std::chrono::steady_clock::now();
    Verification verification{store.store().Compare(*verify_executor_), 0};
    verification.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    done(std::move(verification));
  });
  if (!taken) done(Busy(store.name()));
}

void Service::Audit(const std::string& place, std::function<void()> work,
                    const std::function<void(const Error&)>& refused) {
  if (!audits_.TryPost(std::move(work))) refused(Busy(place));
}

void Service::Receipts(const Target& target, Stage stage, std::vector<storage::Opening> openings,
                       std::uint64_t first_part, const Answer<RequestReceipts>& done) {
  const std::string& place = target.store->name();
  auto make = [target, stage, openings = std::move(openings), first_part, done] {
    HostedStore& store = *target.store;
    const auto receipts = storage::MakeReceipts(store.store(), store.directory(), target.sequence, stage, openings,
                                                {.first = first_part, .most = kPageParts});
    if (!receipts) return done(receipts.error());
    done(ToPage(*receipts));
  };
  auto reached = [this, place, make = std::move(make), done](const Status& status) {
    if (!status) return done(status.error());
    Audit(place, make, [done](const Error& error) { done(error); });
  };
  if (target.sequence == 0) return reached({});  // it changed nothing: there is nothing to wait for
  target.store->Await(target.sequence, stage, reached);
}

void Service::Checkpoint(HostedStore& store, const StageWaiter::Done& done) {
  const bool taken = upkeep_.TryPost([&store, done] {
    const auto report = store.store().Checkpoint();
    done(report ? Status() : report.error());
  });
  if (!taken) done(Busy(store.name()));
}

void Service::Compact(HostedStore& store, const StageWaiter::Done& done) {
  if (!upkeep_.TryPost([&store, done] { done(store.store().Compact()); })) done(Busy(store.name()));
}

void Service::RunLater(std::function<Status()> work, const StageWaiter::Done& done) {
  if (!reads_.TryPost([work = std::move(work), done] { done(work()); })) done(Busy("the server"));
}

void Service::RenderMetrics(const Answer<std::string>& done) {
  if (!reads_.TryPost([this, done] { done(metrics_.Render()); })) done(Busy("the server"));
}

Status Service::Drain() {
  verifier_.reset();
  batches_.Stop();
  reads_.Stop();
  audits_.Stop();
  upkeep_.Stop();
  Status status;
  for (const auto& store : stores_) {
    if (Status one = store->Drain(); !one && status.ok()) status = one;
  }
  return status;
}

}  // namespace hedgerow::server
