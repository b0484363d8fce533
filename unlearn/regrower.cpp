#include "unlearn/regrower.h"

#include <algorithm>
#include <utility>

#include "forest/grow.h"
#include "unlearn/small_update.h"

namespace hedgerow::unlearn {

using forest::Node;
using forest::Quarantine;
using forest::Slot;
using forest::Subtree;

namespace {

// Changes that leave nothing behind in a batch: a record that comes and goes in it.
std::vector<Quarantine::Change> NetChanges(std::span<const Quarantine::Change> changes) {
  std::vector<Quarantine::Change> net;
  for (const Quarantine::Change& change : changes) {
    const auto came = std::find_if(net.begin(), net.end(), [&](const auto& one) { return one.slot == change.slot; });
    if (came != net.end()) {
      net.erase(came);
    } else {
      net.push_back(change);
    }
  }
  return net;
}

// A small tree of which few records changed is succeeded; for more, growing anew is as good.
constexpr std::size_t kSuccessorChanges = 8;

}  // namespace

Regrower::Regrower(forest::Forest& forest, forest::Records& records, Backlog& backlog, WriterLock& lock,
                   const StepLimits& limits)
    : forest_(forest),
      records_(records),
      backlog_(backlog),
      lock_(lock),
      limits_(limits),
      workspace_(forest.context()),
      updater_(forest.context()) {}

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
  std::shared_ptr<Quarantine> quarantine;  // outlives the lock: what it holds may be much to free
  const auto lock = lock_.After();
  Subtree* subtree = nullptr;
  while (subtree == nullptr) {
    quarantine = backlog_.Take();
    if (quarantine == nullptr) {
      backlog_.Release();
      return false;
    }
    subtree = Find(*quarantine);
  }
  if (quarantine->records <= limits_.records_grown) {
    GrowAtOnce(*quarantine, *subtree);
    quarantine.reset();
    backlog_.Release();
    return true;
  }
  job_ = std::make_unique<Job>();
  job_->known = quarantine->changes;
  job_->applied = job_->known.size();
  job_->quarantine = std::move(quarantine);
  return true;
}

void Regrower::GrowAtOnce(Quarantine& quarantine, Subtree& subtree) {
  workspace_.slots = forest::CollectSlots(quarantine.before, quarantine.changes);
  const std::size_t changes = quarantine.changes.size();
  std::vector<Slot> changed;
  if (quarantine.before.small != nullptr && changes <= kSuccessorChanges &&
      workspace_.slots.size() <= forest::kSmallRecords) {
    for (const Quarantine::Change& change : NetChanges(quarantine.changes)) changed.push_back(change.slot);
  }
  Subtree grown;
  if (!changed.empty() && changed.size() == changes) {
    grown.small =
        SucceedSmallTree(forest_.context(), records_, workspace_, *quarantine.before.small, quarantine.place, changed);
  } else {
    grown = forest::GrowSubtree(forest_.context(), records_, workspace_, workspace_.slots, quarantine.place);
  }
  Touch(quarantine);
  subtree = std::move(grown);
}

// Without the lock: what stood there before does not change (forest/quarantine.h).
void Regrower::Collect() {
  job_->slots = forest::CollectSlots(job_->quarantine->before, job_->known);
  job_->rows.resize(job_->slots.size() * records_.row_stride() + forest::kLanes);
  job_->phase = Job::Phase::kCopy;
}

void Regrower::Copy() {
  Job& job = *job_;
  const std::size_t stride = records_.row_stride();
  const std::size_t end = std::min(job.slots.size(), job.copied + limits_.rows_copied);
  {
    const auto lock = lock_.After();
    for (std::size_t i = job.copied; i < end; ++i) records_.Prefetch(job.slots[i]);
    for (; job.copied < end; ++job.copied) {
      const forest::Cell* row = records_.row(job.slots[job.copied]);
      std::copy(row, row + stride, job.rows.data() + job.copied * stride);
    }
  }
  if (job.copied == job.slots.size()) job.phase = Job::Phase::kGrow;
}

// Without the lock, but for the looking up of ids (forest/workspace.h).
void Regrower::Grow() {
  Job& job = *job_;
  workspace_.writer = &lock_.mutex();
  const forest::BlockRange range = workspace_.blocks.LoadCopies(records_, job.rows, job.slots, workspace_.top_counts());
  job.grown = forest::GrowRange(forest_.context(), records_, workspace_, range, job.quarantine->place);
  workspace_.writer = nullptr;
  job.rows = {};
  job.slots = {};
  job.phase = Job::Phase::kCatchUp;
}

void Regrower::CatchUp() {
  // What is freed last, when the lock is not held any more: it may be much.
  std::unique_ptr<Job> finished;
  Subtree before;
  Job& job = *job_;
  const auto lock = lock_.After();
  const std::size_t changes = job.quarantine->changes.size();
  const std::size_t end = std::min(changes, job.applied + limits_.changes_applied);
  ApplyChanges(job.applied, end);
  job.applied = end;
  if (end != changes) return;
  if (Subtree* subtree = Find(*job.quarantine)) {
    Touch(*job.quarantine);
    *subtree = std::move(job.grown);
    for (const auto& quarantine : job.put_off) backlog_.Add(quarantine);
    before = std::move(job.quarantine->before);
  }
  job.quarantine.reset();
  finished = std::move(job_);
  backlog_.Release();
}

void Regrower::ApplyChanges(std::size_t begin, std::size_t end) {
  Job& job = *job_;
  const auto& changes = job.quarantine->changes;
  std::vector<Slot> removed, added;
  for (const Quarantine::Change& change : NetChanges({changes.begin() + begin, changes.begin() + end})) {
    (change.added ? added : removed).push_back(change.slot);
  }
  if (removed.empty() && added.empty()) return;
  Deferral deferral{
      .inline_records = limits_.records_grown, .number = job.quarantine->since, .tree = job.quarantine->tree};
  updater_.UpdateSubtree(records_, job.grown, job.quarantine->place, removed, added, &deferral);
  job.put_off.insert(job.put_off.end(), deferral.quarantines.begin(), deferral.quarantines.end());
}

Subtree* Regrower::Find(const Quarantine& quarantine) const {
  Subtree* subtree = &forest_.trees()[quarantine.tree].root;
  for (std::uint32_t depth = 0; depth < quarantine.place.depth; ++depth) {
    if (subtree->node == nullptr || subtree->node->leaf()) return nullptr;
    subtree = quarantine.place.TurnsRight(depth) ? &subtree->node->right : &subtree->node->left;
  }
  return subtree->quarantine.get() == &quarantine ? subtree : nullptr;
}

void Regrower::Touch(const Quarantine& quarantine) const {
  forest::Tree& tree = forest_.trees()[quarantine.tree];
  if (quarantine.place.depth == 0) tree.root_replaced = true;
  Node* node = tree.root.node.get();
  for (std::uint32_t depth = 0; depth < quarantine.place.depth; ++depth) {
    node->page_dirty = true;
    node->digest_known = false;
    node = (quarantine.place.TurnsRight(depth) ? node->right : node->left).node.get();
  }
}

}  // namespace hedgerow::unlearn
