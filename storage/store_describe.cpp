// What a store tells about itself while others work with it (store.h).
#include "storage/store_impl.h"

namespace hedgerow::storage {

Result<Outcome> Store::Resolve(const ForgetRequest& request) {
  const auto lock = impl_->updates.First();
  if (impl_->closed) return *impl_->closed;
  Result<Impl::Resolved> resolved = impl_->Resolve(request);
  if (!resolved) return resolved.error();
  Outcome outcome = std::move(resolved->outcome);
  outcome.request_id = request.options.request_id;
  outcome.record_count = resolved->ids.size();
  outcome.records = std::move(resolved->ids);
  return outcome;
}

StoreInfo Store::Describe(const unlearn::Progress& progress) {
  StoreInfo info;
  {
    const auto lock = impl_->LockForRoot();
    info.root = impl_->Root();
    info.sequence = impl_->counters.sequence;
    info.records = impl_->model.records().size();
    info.with_subject = impl_->counters.with_subject;
    info.forgotten = impl_->counters.forgotten;
  }
  unlearn::Survey survey = impl_->model.TakeSurvey(progress);
  info.robustness = std::move(survey.robustness);
  info.memory_parts = std::move(survey.memory);
  info.surveyed_through = survey.through;
  // A part is named by what it belongs to: "forest: small trees", "allocator".
  for (const auto& [name, part] : info.memory_parts) {
    info.memory_bytes[name.substr(0, name.find(':'))] += part.bytes;
    info.memory_bytes["total"] += part.bytes;
  }
  const StoreGauges now = gauges();
  info.background = now.background;
  info.pending_erasures = now.pending_erasures;
  info.checkpoint_age_s = now.checkpoint_age_s;
  info.disk_bytes = DiskBytes();
  info.table_bytes = TableBytes();
  return info;
}

StoreGauges Store::gauges() {
  StoreGauges gauges;
  {
    const auto lock = impl_->updates.First();
    gauges.records = impl_->model.records().size();
    gauges.pending_erasures = impl_->PendingErasures();
    gauges.checkpoint_age_s = impl_->CheckpointAge();
  }
  const auto [waiting, hedges, totals] = impl_->model.standing();
  gauges.background = {.queued = waiting.places,
                       .quarantined_records = waiting.records,
                       .quarantined_share = waiting.share,
                       .oldest_quarantine_s = waiting.oldest_s,
                       .quarantine_p50_us = waiting.lasted_p50_us,
                       .quarantine_p99_us = waiting.lasted_p99_us,
                       .hedges = hedges.hedges,
                       .hedge_bytes = hedges.bytes,
                       .flips = totals.flips,
                       .hedge_hits = totals.hedge_hits,
                       .queued_ever = totals.queued};
  return gauges;
}

std::uint64_t Store::records() const {
  const auto lock = impl_->updates.First();
  return impl_->model.records().size();
}

void Store::Stop() {
  impl_->StopUpkeep();
}

}  // namespace hedgerow::storage
