// What a model leaves to the background (model.h).
#include <thread>
#include <utility>

#include "forest/fingerprint.h"
#include "unlearn/model.h"

namespace hedgerow::unlearn {
namespace {

// Of 64 steps each: about half a second at the most.
constexpr int kRoundsForRoom = 256;
// Updates make some of a round's digests void, so there is another round, with much less to do.
constexpr int kDigestRounds = 3;
// Digests that are taken while updates wait, in records of leaves (fingerprint.h): some ten microseconds.
constexpr std::size_t kDigestsAStep = 128;

}  // namespace

// Background work of these bounds from now on.
void Model::UseSteps(const DeferOptions& options) {
  const BackgroundParts parts{*forest_, *records_, *backlog_, *published_, *lock_};
  regrower_ = std::make_unique<Regrower>(parts, options.steps, options.now);
  hedger_ = std::make_unique<Hedger>(parts, options.hedges, options.steps, options.now);
}

void Model::Defer(const DeferOptions& options) {
  deferring_ = options;
  UseSteps(options);
  if (options.hedges.horizon != 0) hedger_->WishForAll();
}

void Model::Defer(const DeferOptions& options, forest::BackgroundExecutor& executor) {
  Defer(options);
  background_ = std::make_unique<Background>(
      executor, [regrower = regrower_.get(), hedger = hedger_.get()] { return regrower->Step() || hedger->Step(); });
  background_->Wake();
}

void Model::Settle() {
  if (background_ != nullptr) {
    background_->Wait();
  } else {
    while (Step()) {
    }
  }
}

std::uint64_t Model::ExactThrough() {
  const auto lock = lock_->First();
  return backlog_->ExactThrough();
}

// Works, or waits for work, until it is so. What came later may keep the background busy without end.
template <class Done>
void Model::WorkUntil(const Done& done) {
  while (!done()) {
    if (background_ == nullptr) {
      Step();
    } else {
      background_->Wake();
      background_->WaitForMore();
    }
  }
}

void Model::AwaitExact(std::uint64_t sequence) {
  WorkUntil([&] { return ExactThrough() >= sequence; });
}

void Model::AwaitOverwritten(std::uint64_t sequence) {
  WorkUntil([&] {
    const auto lock = lock_->First();
    return backlog_->OverwrittenThrough() >= sequence;
  });
}

void Model::AwaitRoom() {
  if (!deferring_) return;
  int rounds = 0;
  WorkUntil([&] {
    const auto lock = lock_->First();
    return backlog_->waiting() < deferring_->busy_places || ++rounds > kRoundsForRoom;
  });
}

Model::Waiting Model::waiting() {
  const auto lock = lock_->First();
  return WaitingNow();
}

Model::Standing Model::standing() {
  const auto lock = lock_->First();
  return {WaitingNow(), hedger_->Count(), totals_};
}

Model::Waiting Model::WaitingNow() const {
  Waiting waiting;
  waiting.places = backlog_->waiting();
  waiting.records = backlog_->records_waiting();
  const double votes = static_cast<double>(records_->size()) * forest_->parameters().occupancy;
  waiting.share = votes > 0 ? static_cast<double>(waiting.records) / votes : 0;
  if (const auto since = backlog_->waiting_since(); since && deferring_ && deferring_->now)
    waiting.oldest_s = static_cast<double>(Now() - *since) * 1e-9;
  waiting.lasted_p50_us = regrower_->lasted().QuantileUs(0.5);
  waiting.lasted_p99_us = regrower_->lasted().QuantileUs(0.99);
  return waiting;
}

void Model::PrepareRoot() {
  for (int round = 0; round < kDigestRounds; ++round) {
    for (forest::Tree& tree : forest_->trees()) {
      for (std::size_t left = 0; left == 0;) {
        std::this_thread::yield();  // to whoever waits for this processor
        const auto lock = lock_->After();
        left = forest::TakeSomeDigests(tree.root, *records_, forest_->classes(), kDigestsAStep);
      }
    }
  }
}

Effect Model::totals() const {
  const auto lock = lock_->First();
  return totals_;
}

Hedger::Sum Model::hedges() {
  const auto lock = lock_->First();
  return hedger_->Count();
}

}  // namespace hedgerow::unlearn
