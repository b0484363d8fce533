#include "unlearn/regrower.h"

#include <algorithm>
#include <utility>

#include "forest/grow.h"
#include "unlearn/changes.h"
#include "unlearn/small_update.h"

namespace hedgerow::unlearn {

using forest::Node;
using forest::Quarantine;
using forest::Slot;
using forest::Subtree;

namespace {

// A small tree of which few records changed is succeeded; for more, growing anew is as good.
constexpr std::size_t kSuccessorChanges = 8;

// In so many pieces at the most, about, what was grown takes its place; pieces that are still large part again.
constexpr std::uint32_t kPieces = 16;

}  // namespace

Regrower::Regrower(const BackgroundParts& parts, const StepLimits& limits, std::function<std::uint64_t()> now)
    : forest_(parts.forest),
      records_(parts.records),
      backlog_(parts.backlog),
      published_(parts.published),
      lock_(parts.lock),
      limits_(limits),
      now_(std::move(now)),
      workspace_(parts.forest.context()),
      updater_(parts.forest.context()) {}

bool Regrower::Step() {
  const std::lock_guard one(steps_);
  if (job_ == nullptr) return Begin();
  switch (job_->phase) {
    case Job::Phase::kCollect:
      Collect();
      break;
    case Job::Phase::kCopy:
      Copy();
      break;
    case Job::Phase::kGrow:
      Grow();
      break;
    case Job::Phase::kCatchUp:
      CatchUp();
      break;
  }
  return true;
}

bool Regrower::Begin() {
  const auto lock = lock_.After();
  std::uint32_t grown = 0;
  bool did = false;
  while (const std::shared_ptr<Quarantine> quarantine = backlog_.Take()) {
    const Way way = Find(*quarantine);
    if (way.end == nullptr) continue;
    did = true;
    if (quarantine->grown && quarantine->changes.size() <= limits_.changes_applied) {
      PutInPlace(*quarantine, way);
      break;
    }
    if (quarantine->records > limits_.records_grown) {
      job_ = std::make_unique<Job>();
      job_->known = quarantine->changes;
      job_->applied = job_->known.size();
      job_->quarantine = quarantine;
      break;
    }
    Replace(*quarantine, way, GrowAtOnce(*quarantine));
    grown += quarantine->records;
    if (grown > limits_.records_grown / 2) break;
  }
  backlog_.Release();
  if (!did) return published_.Reclaim();
  published_.PublishAgain();
  return true;
}

Subtree Regrower::GrowAtOnce(const Quarantine& quarantine) {
  workspace_.slots = forest::CollectSlots(quarantine.before, quarantine.changes);
  const std::size_t changes = quarantine.changes.size();
  std::vector<Slot> changed;
  if (quarantine.before.small() != nullptr && changes <= kSuccessorChanges &&
      workspace_.slots.size() <= forest::kSmallRecords) {
    for (const Quarantine::Change& change : NetChanges(quarantine.changes)) changed.push_back(change.slot);
  }
  if (changed.empty() || changed.size() != changes) {
    return forest::GrowSubtree(forest_.context(), records_, workspace_, workspace_.slots, quarantine.place);
  }
  Subtree grown;
  grown =
      SucceedSmallTree(forest_.context(), records_, workspace_, *quarantine.before.small(), quarantine.place, changed);
  return grown;
}

// Without the lock: what stood there before does not change (forest/quarantine.h).
void Regrower::Collect() {
  job_->copies.Start(records_, forest::CollectSlots(job_->quarantine->before, job_->known));
  job_->phase = Job::Phase::kCopy;
}

void Regrower::Copy() {
  const auto lock = lock_.After();
  if (job_->copies.Copy(records_, limits_.rows_copied)) job_->phase = Job::Phase::kGrow;
}

// Without the lock, but for the looking up of ids (forest/workspace.h).
void Regrower::Grow() {
  workspace_.writer = &lock_.mutex();
  const forest::BlockRange range = job_->copies.Load(records_, workspace_);
  job_->grown = forest::GrowRange(forest_.context(), records_, workspace_, range, job_->quarantine->place);
  workspace_.writer = nullptr;
  PutPiecesOff(*job_->quarantine, job_->grown, job_->put_off);
  job_->phase = Job::Phase::kCatchUp;
}

void Regrower::CatchUp() {
  // What is freed last, when the lock is not held any more: it may be much.
  std::unique_ptr<Job> finished;
  Subtree before;
  Job& job = *job_;
  const auto lock = lock_.After();
  const std::size_t changes = job.quarantine->changes.size();
  const std::size_t end = std::min(changes, job.applied + limits_.changes_applied);
  ApplyChanges(*job.quarantine, job.applied, end, job.grown, job.put_off);
  job.applied = end;
  if (end != changes) return;
  if (const Way way = Find(*job.quarantine); way.end != nullptr) {
    Replace(*job.quarantine, way, std::move(job.grown));
    for (const auto& quarantine : job.put_off) backlog_.AddFirst(quarantine);
    before = std::move(job.quarantine->before);
    published_.PublishAgain();
  }
  job.quarantine.reset();
  finished = std::move(job_);
  backlog_.Release();
}

void Regrower::PutInPlace(Quarantine& piece, const Way& way) {
  Subtree grown = std::move(piece.before);
  Quarantines put_off;
  PutPiecesOff(piece, grown, put_off);
  ApplyChanges(piece, 0, piece.changes.size(), grown, put_off);
  Replace(piece, way, std::move(grown));
  for (const auto& quarantine : put_off) backlog_.AddFirst(quarantine);
}

// Laying out a large subtree for predictions would take too long for one step, so its parts follow by themselves.
void Regrower::PutPiecesOff(const Quarantine& whole, Subtree& grown, Quarantines& put_off) const {
  if (forest::CountRecords(grown) <= limits_.records_placed) return;
  const std::uint32_t records = std::max(limits_.records_placed, forest::CountRecords(grown) / kPieces);
  const auto put = [&](const auto& self, Subtree& subtree, const forest::Place& place) -> void {
    if (subtree.node() == nullptr || subtree.node()->leaf()) return;
    Node& node = *subtree.node();
    if (node.records > records) {
      self(self, node.left, place.Child(false));
      self(self, node.right, place.Child(true));
      return;
    }
    auto piece = std::make_shared<Quarantine>();
    piece->tree = whole.tree;
    piece->place = place;
    piece->since = whole.since;
    piece->began_ns = whole.began_ns;
    piece->records = node.records;
    piece->class_counts.assign(node.class_counts.begin(), node.class_counts.end());
    piece->before = std::move(subtree);
    piece->grown = true;
    subtree = piece;
    put_off.push_back(std::move(piece));
  };
  put(put, grown, whole.place);
}

void Regrower::ApplyChanges(const Quarantine& quarantine, std::size_t begin, std::size_t end, Subtree& grown,
                            Quarantines& put_off) {
  const auto& changes = quarantine.changes;
  const NetSlots slots = PartChanges({changes.data() + begin, end - begin});
  if (slots.removed.empty() && slots.added.empty()) return;
  Deferral deferral{.inline_records = limits_.records_grown,
                    .inline_counted = limits_.rows_copied,
                    .number = quarantine.since,
                    .time_ns = quarantine.began_ns,
                    .tree = quarantine.tree};
  updater_.UpdateSubtree(records_, grown, quarantine.place, slots.removed, slots.added, &deferral);
  put_off.insert(put_off.end(), deferral.quarantines.begin(), deferral.quarantines.end());
}

Way Regrower::Find(const Quarantine& quarantine) const {
  return FindPlace(forest_.trees()[quarantine.tree], quarantine.place,
                   [&](const Subtree& subtree) { return subtree.quarantine() == &quarantine; });
}

void Regrower::Replace(const Quarantine& quarantine, const Way& way, Subtree grown) {
  if (now_) lasted_.Add(now_() - quarantine.began_ns);
  MarkChanged(forest_.trees()[quarantine.tree], quarantine.place, way);
  *way.end = std::move(grown);
}

}  // namespace hedgerow::unlearn
