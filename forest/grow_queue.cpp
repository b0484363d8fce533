#include "forest/grow_queue.h"

#include <utility>

#include "forest/grow.h"
#include "forest/workspace.h"

namespace hedgerow::forest {
namespace {

// A smaller side is grown in less than a few milliseconds, and is not worth loading anew.
constexpr std::size_t kFewestLent = 8192;

}  // namespace

// What a thread that grows a part offers to others.
class GrowQueue::Lender : public Helpers {
 public:
  explicit Lender(GrowQueue& queue) : queue_(queue) {}
  void Grow(std::size_t tree) { tree_ = tree; }
  bool TakeOver(std::span<const Slot> slots, const Place& place, Subtree& to) override {
    return queue_.TakeOver(tree_, slots, place, to);
  }

 private:
  GrowQueue& queue_;
  std::size_t tree_ = 0;
};

void GrowQueue::AddTree(std::span<const Slot> slots, Tree& tree) {
  const std::lock_guard lock(mutex_);
  tree.root_replaced = true;
  waiting_.push_back({open_.size(), {}, slots, {tree.key, 0, 0}, &tree.root});
  open_.push_back(1);
}

void GrowQueue::Work() {
  Lender lender(*this);
  Workspace workspace(context_);
  workspace.helpers = &lender;
  for (Part part; Next(part);) {
    lender.Grow(part.tree);
    *part.to = GrowSubtree(context_, records_, workspace, part.slots, part.place);
    Finish(part.tree);
  }
}

void GrowQueue::CountWanted() {
  wanted_.store(static_cast<std::ptrdiff_t>(idle_) - static_cast<std::ptrdiff_t>(waiting_.size()),
                std::memory_order_relaxed);
}

// The part that has been waiting longest: trees in their order, and sides as they were lent. False: there will be none.
bool GrowQueue::Next(Part& part) {
  std::unique_lock lock(mutex_);
  ++idle_;
  CountWanted();
  changed_.wait(lock, [&] { return !waiting_.empty() || growing_ == 0; });
  --idle_;
  const bool found = !waiting_.empty();
  if (found) {
    part = std::move(waiting_.front());
    waiting_.pop_front();
    if (!part.copied.empty()) part.slots = part.copied;
    ++growing_;
  }
  CountWanted();
  return found;
}

void GrowQueue::Finish(std::size_t tree) {
  bool tree_done = false;
  {
    const std::lock_guard lock(mutex_);
    tree_done = --open_[tree] == 0;
    if (--growing_ == 0) changed_.notify_all();
  }
  if (tree_done) tree_done_();
}

bool GrowQueue::TakeOver(std::size_t tree, std::span<const Slot> slots, const Place& place, Subtree& to) {
  if (slots.size() < kFewestLent || wanted_.load(std::memory_order_relaxed) <= 0) return false;
  const std::lock_guard lock(mutex_);
  if (idle_ <= waiting_.size()) return false;
  waiting_.push_back({tree, {slots.begin(), slots.end()}, {}, place, &to});
  ++open_[tree];
  CountWanted();
  changed_.notify_one();
  return true;
}

}  // namespace hedgerow::forest
