// The service: all stores of a server and the threads that they share. Knows nothing of sockets or of RPC.
//
// Thread rule: any thread. Answers come on the service's threads and must not block them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/thread_priority.h"
#include "server/erasure.h"
#include "server/hosted_store.h"
#include "server/metrics.h"
#include "server/periodic.h"
#include "storage/evidence/log_files.h"
#include "storage/receipts.h"

namespace hedgerow::server {

struct StoreSpec {
  std::string name, directory;
};

struct ServiceOptions {
  std::vector<StoreSpec> stores;
  std::chrono::milliseconds erase_within{60'000};
  HostLimits limits;
  unlearn::DeferOptions defer;  // what updates leave to the background
  std::size_t cache_bytes = 0;  // a store's, for answers that are kept (unlearn/result_cache.h); 0: none are
  // How often each store is grown anew and compared, with the result entered in its log; 0: never.
  std::chrono::milliseconds verify_every{0};
  Worker::Limits batches{.jobs = 64, .bytes = 256U << 20U};  // large predictions that wait
  std::uint32_t max_batch_rows = 65'536;
  std::function<std::unique_ptr<forest::Executor>()> make_executor = [] { return forest::MakeThreadExecutor(0); };
};

// An update of one store, to wait for.
struct Target {
  HostedStore* store = nullptr;
  std::uint64_t sequence = 0;  // 0: everything until now
};

// As texts.
struct RequestReceipts {
  std::vector<std::string> last = {};    // of the last part
  std::vector<std::string> before = {};  // of parts before it, from the one on that was asked for, a page of them
  std::uint64_t part_count = 1;
};

struct Verification {
  storage::Comparison comparison;
  double seconds = 0;
};

class Service {
 public:
  // kUsage: no store, or a name twice; else what Store::Open says.
  static Result<std::unique_ptr<Service>> Open(const ServiceOptions& options);
  // Drains.
  ~Service();

  const std::vector<std::unique_ptr<HostedStore>>& stores() const { return stores_; }
  // An empty name stands for the only store. kUsage, which names no stores.
  Result<HostedStore*> Find(std::string_view name) const;
  // An empty name stands for all stores.
  Result<std::vector<HostedStore*>> FindAll(std::string_view name) const;
  const std::vector<StoreSpec>& specs() const { return options_.stores; }
  std::uint32_t max_batch_rows() const { return options_.max_batch_rows; }

  // Rows of cells on the threads for large predictions; T is Prediction or Classification.
  template <class T>
  void PredictBatch(HostedStore& store, std::vector<datasets::Cell> rows, std::uint64_t not_before,
                    const Answer<T>& done);
  // Until all of them have reached the stage, or one has failed.
  void Await(const std::vector<Target>& targets, storage::Stage stage, const StageWaiter::Done& done);
  // Of the first of these stores that knows the request; nothing if none does.
  void StatusOf(std::vector<HostedStore*> stores, std::string request_id,
                const Answer<std::optional<storage::RequestStatus>>& done);
  // The updates that belong to a request, one a store that knows it.
  void FindRequest(std::vector<HostedStore*> stores, std::string request_id, const Answer<std::vector<Target>>& done);
  void Describe(HostedStore& store, const Answer<storage::StoreInfo>& done);
  // Grows a forest anew.
  void Verify(HostedStore& store, const Answer<Verification>& done);
  // Reads the files of the store's log, as of its newest checkpoint, on a thread for such reading alone.
  template <class T, class Read>
  void ReadLog(HostedStore& store, Read read, const Answer<T>& done) {
    Audit(
        store.name(),
        [&store, read = std::move(read), done] {
          const auto log = storage::LogFiles::Open(store.directory());
          done(log ? read(*log) : Result<T>(log.error()));
        },
        [done](const Error& error) { done(error); });
  }
  // Of a request, when its last update has reached the stage (storage/receipts.h). Signs the log if need be, and holds
  // up updates no more than the upkeep thread does, which would do it within a second.
  void Receipts(const Target& target, storage::Stage stage, std::vector<storage::Opening> openings,
                std::uint64_t first_part, const Answer<RequestReceipts>& done);
  void Checkpoint(HostedStore& store, const StageWaiter::Done& done);
  void Compact(HostedStore& store, const StageWaiter::Done& done);

  // Runs something that may block for a moment, such as reading a file.
  void RunLater(std::function<Status()> work, const StageWaiter::Done& done);
  void RenderMetrics(const Answer<std::string>& done);

  // Takes nothing more, finishes what was taken, brings the stores in order. The first failure of a store.
  Status Drain();
  Metrics& metrics() { return metrics_; }

 private:
  explicit Service(ServiceOptions options);
  void AddStoreMetrics();
  void VerifyEvery(std::chrono::milliseconds interval);
  void Audit(const std::string& place, std::function<void()> work, const std::function<void(const Error&)>& refused);

  const ServiceOptions options_;
  Metrics metrics_;
  const std::unique_ptr<forest::BackgroundExecutor> background_ = forest::MakeBackgroundExecutor(datasets::StayBehind);
  const std::unique_ptr<forest::Executor> store_executor_, batch_executor_, verify_executor_;
  std::vector<std::unique_ptr<HostedStore>> stores_;
  Worker batches_, reads_, audits_, upkeep_;
  std::unique_ptr<Periodic> verifier_;
};

}  // namespace hedgerow::server
