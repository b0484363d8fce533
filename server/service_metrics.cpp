// What a server tells of its stores in its metrics (service.h).
#include "server/service.h"

namespace hedgerow::server {

namespace {

struct Gauge {
  const char *name, *help;
  double (*read)(const HostedStore& store, const storage::StoreGauges& gauges);
};

double ToDouble(std::uint64_t count) {
  return static_cast<double>(count);
}

constexpr Gauge kGauges[] = {
    {"hedgerow_records", "Live records", [](const auto&, const auto& g) { return ToDouble(g.records); }},
    {"hedgerow_sequence", "Number of the last update",
     [](const auto& s, const auto&) { return ToDouble(s.applied()); }},
    {"hedgerow_update_queue", "Updates that wait for the writer",
     [](const auto& s, const auto&) { return ToDouble(s.queued()); }},
    {"hedgerow_stage_waits", "Callers that wait for a stage",
     [](const auto& s, const auto&) { return ToDouble(s.waiting()); }},
    {"hedgerow_pending_erasures", "Records that are forgotten and not yet erased from the disk",
     [](const auto&, const auto& g) { return ToDouble(g.pending_erasures); }},
    {"hedgerow_verified", "Whether the last verification found the model right: 1 or 0; -1: there was none",
     [](const auto& s, const auto&) { return static_cast<double>(s.verified().load()); }},
    {"hedgerow_quarantined_places", "Places in trees that wait to be grown anew",
     [](const auto&, const auto& g) { return ToDouble(g.background.queued); }},
    {"hedgerow_quarantined_share", "Share of all records' votes that quarantined places have",
     [](const auto&, const auto& g) { return g.background.quarantined_share; }},
    {"hedgerow_hedges", "Subtrees of challengers that are kept ready",
     [](const auto&, const auto& g) { return ToDouble(g.background.hedges); }},
    {"hedgerow_hedge_bytes", "Memory of all hedges",
     [](const auto&, const auto& g) { return ToDouble(g.background.hedge_bytes); }},
    {"hedgerow_hedge_hits", "Splits that changed and whose subtrees were ready, since the store was opened",
     [](const auto&, const auto& g) { return ToDouble(g.background.hedge_hits); }},
    {"hedgerow_inline_flips", "Splits that changed and were grown anew by the update, since the store was opened",
     [](const auto&, const auto& g) { return ToDouble(g.background.flips); }},
    {"hedgerow_oldest_quarantine_seconds", "How long the oldest place has been waiting to be grown anew",
     [](const auto&, const auto& g) { return g.background.oldest_quarantine_s; }},
    {"hedgerow_quarantine_p50_seconds", "How long half of the places waited until they were grown anew",
     [](const auto&, const auto& g) { return g.background.quarantine_p50_us * 1e-6; }},
    {"hedgerow_quarantine_p99_seconds", "The same of 99 in 100",
     [](const auto&, const auto& g) { return g.background.quarantine_p99_us * 1e-6; }},
    {"hedgerow_queued_places", "Places that were left to the background, since the store was opened",
     [](const auto&, const auto& g) { return ToDouble(g.background.queued_ever); }},
    {"hedgerow_checkpoint_age_seconds", "Time since the last checkpoint; -1: never",
     [](const auto&, const auto& g) { return g.checkpoint_age_s.value_or(-1); }},
};

}  // namespace

// Read when somebody asks for the metrics, once a store.
void Service::AddStoreMetrics() {
  std::vector<Metrics::Name> names;
  for (const Gauge& gauge : kGauges) names.push_back({gauge.name, gauge.help});
  metrics_.AddGaugeTable(names, [this] {
    Metrics::Table table;
    for (const auto& store : stores_) {
      const storage::StoreGauges gauges = store->store().gauges();
      std::vector<double> values;
      for (const Gauge& gauge : kGauges) values.push_back(gauge.read(*store, gauges));
      table.emplace_back(Labels{{"store", store->name()}}, std::move(values));
    }
    return table;
  });
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
