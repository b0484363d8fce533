// What a server tells of its stores in its metrics (service.h).
#include "server/service.h"

namespace hedgerow::server {

// Read when somebody asks for the metrics: each takes the store's lock for a moment.
void Service::AddStoreMetrics() {
  const auto add = [this](const char* name, const char* help, double (*read)(HostedStore&)) {
    metrics_.AddGauges(name, help, [this, read] {
      Metrics::Values values;
      for (const auto& store : stores_) values.push_back({{{"store", store->name()}}, read(*store)});
      return values;
    });
  };
  add("hedgerow_records", "Live records", [](HostedStore& s) { return static_cast<double>(s.store().records()); });
  add("hedgerow_sequence", "Number of the last update",
      [](HostedStore& s) { return static_cast<double>(s.applied()); });
  add("hedgerow_update_queue", "Updates that wait for the writer",
      [](HostedStore& s) { return static_cast<double>(s.queued()); });
  add("hedgerow_stage_waits", "Callers that wait for a stage",
      [](HostedStore& s) { return static_cast<double>(s.waiting()); });
  add("hedgerow_pending_erasures", "Records that are forgotten and not yet erased from the disk",
      [](HostedStore& s) { return static_cast<double>(s.store().pending_erasures()); });
  add("hedgerow_verified", "Whether the last verification found the model right: 1 or 0; -1: there was none",
      [](HostedStore& s) { return static_cast<double>(static_cast<int>(s.verified().load())); });
  add("hedgerow_quarantined_places", "Places in trees that wait to be grown anew",
      [](HostedStore& s) { return static_cast<double>(s.store().background().queued); });
  add("hedgerow_quarantined_share", "Share of all records' votes that quarantined places have",
      [](HostedStore& s) { return s.store().background().quarantined_share; });
  add("hedgerow_hedges", "Subtrees of challengers that are kept ready",
      [](HostedStore& s) { return static_cast<double>(s.store().background().hedges); });
  add("hedgerow_hedge_bytes", "Memory of all hedges",
      [](HostedStore& s) { return static_cast<double>(s.store().background().hedge_bytes); });
  add("hedgerow_hedge_hits", "Splits that changed and whose subtrees were ready, since the store was opened",
      [](HostedStore& s) { return static_cast<double>(s.store().background().hedge_hits); });
  add("hedgerow_inline_flips", "Splits that changed and were grown anew by the update, since the store was opened",
      [](HostedStore& s) { return static_cast<double>(s.store().background().flips); });
  add("hedgerow_oldest_quarantine_seconds", "How long the oldest place has been waiting to be grown anew",
      [](HostedStore& s) { return s.store().background().oldest_quarantine_s; });
  add("hedgerow_quarantine_p50_seconds", "How long half of the places waited until they were grown anew",
      [](HostedStore& s) { return s.store().background().quarantine_p50_us * 1e-6; });
  add("hedgerow_quarantine_p99_seconds", "The same of 99 in 100",
      [](HostedStore& s) { return s.store().background().quarantine_p99_us * 1e-6; });
  add("hedgerow_queued_places", "Places that were left to the background, since the store was opened",
      [](HostedStore& s) { return static_cast<double>(s.store().background().queued_ever); });
  add("hedgerow_checkpoint_age_seconds", "Time since the last checkpoint; -1: never",
      [](HostedStore& s) { return s.store().checkpoint_age_s().value_or(-1); });
  if (options_.cache_bytes != 0) {
    metrics_.AddCounts("hedgerow_cache_lookups_total", "Rows that were looked for among the kept answers", [this] {
      Metrics::Values values;
      for (const auto& store : stores_) {
        const unlearn::ResultCache::Counts counts = store->store().cached();
        values.push_back({{{"store", store->name()}, {"result", "hit"}}, static_cast<double>(counts.hits)});
        values.push_back({{{"store", store->name()}, {"result", "miss"}}, static_cast<double>(counts.misses)});
      }
      return values;
    });
  }
  metrics_.AddGauges("hedgerow_disk_bytes", "Bytes of the store's files", [this] {
    Metrics::Values values;
    for (const auto& store : stores_) {
      for (const auto& [kind, bytes] : store->store().DiskBytes()) {
        if (kind != "total") values.push_back({{{"store", store->name()}, {"kind", kind}}, static_cast<double>(bytes)});
      }
    }
    return values;
  });
  metrics_.AddGauges("hedgerow_worker_queue", "Jobs that wait for the shared threads", [this] {
    return Metrics::Values{{{{"worker", "batches"}}, static_cast<double>(batches_.depth())},
                           {{{"worker", "reads"}}, static_cast<double>(reads_.depth())},
                           {{{"worker", "audits"}}, static_cast<double>(audits_.depth())},
                           {{{"worker", "upkeep"}}, static_cast<double>(upkeep_.depth())}};
  });
}

}  // namespace hedgerow::server
