#include "unlearn/hedger.h"

#include <algorithm>
#include <utility>

#include "forest/grow.h"
#include "forest/statistics.h"
#include "unlearn/certificate.h"
#include "unlearn/robustness.h"

namespace hedgerow::unlearn {

using forest::Hedge;
using forest::Node;
using forest::Slot;
using forest::Subtree;

namespace {

// More wishes than this are not kept: the nodes wish again.
constexpr std::size_t kMostWishes = 1024;

// What a subtree takes, about, a record of it: to judge before it is grown. Measured: 60 to 110.
constexpr std::size_t kBytesARecord = 100;
// A hedge stays while its split is not farther away than this many horizons.
constexpr std::uint64_t kStay = 4;

// The candidate that splits as the hedge does, and how many changes the champion survives against it alone.
struct Rival {
  bool found = false;
  std::uint64_t survived = 0;
};
Rival FindRival(const forest::Context& context, const Node& node, const Hedge& hedge) {
  const forest::CandidateTable table = forest::ScoreCandidates(context, node);
  const std::uint32_t lefts = forest::CountRecords(hedge.left);
  for (std::size_t c = 0; c < node.statistics.width(); ++c) {
    const std::size_t lane = c % node.statistics.stride();
    if (lane >= node.statistics.lanes() || node.statistics.attribute(lane) != hedge.split.attribute) continue;
    if (table.lefts[c] != lefts || table.scores[c] < 0) continue;
    return {true,
            SurvivedChanges(table.scores[node.champion], table.scores[c], node.records, node.statistics.classes())};
  }
  return {};
}

}  // namespace

Hedger::Hedger(const BackgroundParts& parts, const HedgeOptions& options, const StepLimits& limits,
               std::function<std::uint64_t()> now)
    : forest_(parts.forest),
      records_(parts.records),
      backlog_(parts.backlog),
      lock_(parts.lock),
      options_(options),
      limits_(limits),
      now_(std::move(now)),
      workspace_(parts.forest.context()),
      updater_(parts.forest.context()) {}

void Hedger::Follow(const Deferral& deferral) {
  dropped_.insert(dropped_.end(), deferral.dropped.begin(), deferral.dropped.end());
  for (const std::shared_ptr<Hedge>& hedge : deferral.lagging) {
    if (hedge->lag.empty()) continue;
    backlog_.NeedRows(*hedge);
    lagging_.push_back(hedge);
    kept_.push_back(hedge);
  }
  for (const Wish& wish : deferral.wishes) {
    if (wishes_.size() < kMostWishes) wishes_.push_back(wish);
  }
}

bool Hedger::Step() {
  const std::lock_guard one(steps_);
  if (job_ == nullptr) return Begin();
  switch (job_->phase) {
    case Job::Phase::kCopy:
      Copy();
      break;
    case Job::Phase::kGrow:
      Grow();
      break;
    case Job::Phase::kAttach:
      Attach();
      break;
  }
  return true;
}

bool Hedger::Begin() {
  std::vector<std::shared_ptr<Hedge>> dropped;  // freed when the lock is not held any more
  const auto lock = lock_.After();
  dropped.swap(dropped_);
  if (!lagging_.empty()) {
    CatchUpSome();
    return true;
  }
  if (wishes_.empty()) {
    backlog_.Release();
    return !dropped.empty();
  }
  // The least robust first.
  const auto least =
      std::min_element(wishes_.begin(), wishes_.end(), [](const Wish& a, const Wish& b) { return a.slack < b.slack; });
  const Wish wish = *least;
  *least = wishes_.back();
  wishes_.pop_back();
  BeginAt(wish, dropped);
  return true;
}

Way Hedger::FindNode(const Wish& wish) const {
  return FindPlace(forest_.trees()[wish.tree], wish.place, [&](const Subtree& subtree) {
    return subtree.node() != nullptr && !subtree.node()->leaf() && subtree.node()->records >= options_.min_records &&
           subtree.node()->records <= options_.max_records;
  });
}

bool Hedger::BeginAt(const Wish& wish, std::vector<std::shared_ptr<Hedge>>& dropped) {
  const Way way = FindNode(wish);
  if (way.end == nullptr) return false;
  Node& node = *way.end->node();
  // One that is still near is as good as another that is nearer at the moment.
  if (node.hedge() != nullptr) {
    if (node.hedge()->growing || !node.hedge()->lag.empty()) return false;
    const Rival rival = FindRival(forest_.context(), node, *node.hedge());
    if (rival.found && rival.survived < kStay * options_.horizon) return false;
  }
  const Robustness robustness = RobustnessOf(forest_.context(), node, forest::ChooseChampion(forest_.context(), node));
  if (robustness.challenger == forest::kNoChampion || robustness.removals >= options_.horizon) return false;
  if (!MakeRoom(node.records * kBytesARecord, robustness.removals, dropped)) return false;
  std::vector<Slot> slots;
  forest::CollectSlots(*way.end, slots);
  auto hedge = std::make_shared<Hedge>();
  hedge->tree = wish.tree;
  hedge->place = wish.place;
  hedge->split = forest::EffectiveSplit(forest_.context(), records_, node, robustness.challenger);
  hedge->growing = true;
  hedge->bytes = node.records * kBytesARecord;
  hedge->slack = robustness.removals;
  hedge->since = backlog_.number() + 1;
  backlog_.NeedRows(*hedge);
  if (node.hedge() != nullptr) dropped.push_back(node.hedge());
  node.set_hedge(hedge);
  kept_.push_back(hedge);
  job_ = std::make_unique<Job>();
  job_->hedge = hedge;
  job_->tree = wish.tree;
  job_->place = wish.place;
  job_->split = hedge->split;
  job_->copies.Start(records_, std::move(slots));
  return true;
}

void Hedger::Copy() {
  const auto lock = lock_.After();
  if (job_->hedge.expired()) {
    job_ = nullptr;
  } else if (job_->copies.Copy(records_, limits_.rows_copied)) {
    job_->phase = Job::Phase::kGrow;
  }
}

// Without the lock, but for the looking up of ids (forest/workspace.h).
void Hedger::Grow() {
  workspace_.writer = &lock_.mutex();
  const forest::BlockRange range = job_->copies.Load(records_, workspace_);
  job_->grown = forest::GrowSides(forest_.context(), records_, workspace_, range, job_->split, job_->place);
  workspace_.writer = nullptr;
  job_->phase = Job::Phase::kAttach;
}

void Hedger::Attach() {
  const std::size_t bytes = sizeof(Hedge) + forest::MemoryOf(job_->grown.left) + forest::MemoryOf(job_->grown.right);
  std::unique_ptr<Job> finished;  // freed when the lock is not held any more
  const auto lock = lock_.After();
  if (const std::shared_ptr<Hedge> hedge = job_->hedge.lock()) {
    hedge->left = std::move(job_->grown.left);
    hedge->right = std::move(job_->grown.right);
    hedge->bytes = bytes;
    hedge->growing = false;
    // So that a store writes it.
    const Way way = FindHedged(*hedge);
    for (Node* node : way.nodes) node->page_dirty = true;
    if (way.end != nullptr) way.end->node()->page_dirty = true;
    if (hedge->lag.empty()) {
      hedge->needs_rows = nullptr;
      backlog_.Release();
    } else {
      lagging_.push_back(hedge);
    }
  }
  finished = std::move(job_);
}

void Hedger::CatchUpSome() {
  const std::shared_ptr<Hedge> hedge = lagging_.front().lock();
  lagging_.pop_front();
  // One that is growing comes back when it is grown.
  if (hedge != nullptr && !hedge->growing && !hedge->lag.empty()) {
    Deferral deferral{.inline_records = limits_.records_grown,
                      .inline_counted = limits_.rows_copied,
                      .number = hedge->since,
                      .time_ns = now_ ? now_() : 0,
                      .tree = hedge->tree};
    updater_.CatchUp(records_, *hedge, std::min<std::size_t>(hedge->lag.size(), limits_.changes_applied), &deferral);
    for (const auto& quarantine : deferral.quarantines) backlog_.Add(quarantine);
    Follow(deferral);
    if (!hedge->lag.empty()) lagging_.push_back(hedge);
  }
  backlog_.Release();
}

Way Hedger::FindHedged(const Hedge& hedge) const {
  return FindPlace(forest_.trees()[hedge.tree], hedge.place, [&](const Subtree& subtree) {
    return subtree.node() != nullptr && subtree.node()->hedge().get() == &hedge;
  });
}

Hedger::Sum Hedger::Count() {
  Sum sum;
  std::vector<const Hedge*> seen;
  std::erase_if(kept_, [&](const std::weak_ptr<Hedge>& one) {
    const std::shared_ptr<Hedge> hedge = one.lock();
    if (hedge == nullptr) return true;
    seen.push_back(hedge.get());
    return false;
  });
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  for (const Hedge* hedge : seen) {
    sum.hedges += hedge->growing ? 0 : 1;
    sum.bytes += hedge->bytes;
  }
  return sum;
}

bool Hedger::MakeRoom(std::size_t bytes, std::uint64_t slack, std::vector<std::shared_ptr<Hedge>>& dropped) {
  if (bytes > options_.memory_bytes) return false;
  for (std::size_t all = Count().bytes; all + bytes > options_.memory_bytes;) {
    std::shared_ptr<Hedge> most;
    for (const std::weak_ptr<Hedge>& one : kept_) {
      std::shared_ptr<Hedge> hedge = one.lock();
      if (hedge->growing || hedge->slack <= slack || (most != nullptr && hedge->slack <= most->slack)) continue;
      most = std::move(hedge);
    }
    if (most == nullptr) return false;
    if (const Way way = FindHedged(*most); way.end != nullptr) way.end->node()->set_hedge(nullptr);
    std::erase_if(kept_, [&](const std::weak_ptr<Hedge>& one) { return one.lock() == most; });
    all -= std::min(all, most->bytes);
    dropped.push_back(std::move(most));
  }
  return true;
}

void Hedger::WishForAll() {
  const auto lock = lock_.First();
  for (std::uint32_t t = 0; t < forest_.trees().size(); ++t) {
    forest::ForEachNode(forest_.trees()[t].root, [&](const Node& node) {
      if (node.hedge() != nullptr) kept_.push_back(node.hedge());
      if (node.leaf() || node.records < options_.min_records || node.records > options_.max_records) return;
      const std::uint64_t slack =
          RobustnessOf(forest_.context(), node, forest::ChooseChampion(forest_.context(), node)).removals;
      if (slack < options_.horizon) wishes_.push_back({t, node.place(), slack});
    });
  }
}

}  // namespace hedgerow::unlearn
