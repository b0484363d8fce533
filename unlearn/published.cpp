#include "unlearn/published.h"

#include <utility>

namespace hedgerow::unlearn {
namespace {

// More than most updates retire, so that little waits; and a share of what waits, so that it cannot become ever more.
constexpr std::size_t kPartsFreed = 128;
constexpr std::size_t kShareFreed = 16;

}  // namespace

Published::Published(forest::Forest& forest, forest::Executor& executor, std::uint64_t sequence)
    : layout_(forest, executor), own_current_(std::make_unique<forest::View>()) {
  layout_.Show(sequence, *own_current_);
  current_.store(own_current_.get(), std::memory_order_seq_cst);
}

Published::Reading Published::Read() const {
  // The order of these two is what Readers is about.
  Readers::Visit visit = readers_.Enter();
  return {std::move(visit), *current_.load(std::memory_order_seq_cst)};
}

void Published::Publish(std::uint64_t sequence) {
  TakeBack();
  Old next;
  if (!spare_.empty()) {
    next = std::move(spare_.back());
    spare_.pop_back();
  } else {
    next.view = std::make_unique<forest::View>();
  }
  layout_.Update(next.retired);
  layout_.Show(sequence, *next.view);
  std::swap(own_current_, next.view);
  current_.store(own_current_.get(), std::memory_order_seq_cst);
  next.until = readers_.Until();
  old_.push_back(std::move(next));
  Reclaim();
}

bool Published::Reclaim() {
  TakeBack();
  return layout_.FreeSome(kPartsFreed + layout_.to_free() / kShareFreed);
}

void Published::TakeBack() {
  if (old_.empty()) return;
  const std::uint64_t passed = readers_.Advance(old_.back().until);
  while (!old_.empty() && old_.front().until <= passed) {
    layout_.Free(old_.front().retired);
    spare_.push_back(std::move(old_.front()));
    old_.pop_front();
  }
}

}  // namespace hedgerow::unlearn
