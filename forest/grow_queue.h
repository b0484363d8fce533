// Growing many trees by many threads.
//
// A thread without work is given one side of a large node by a thread that has some, so that a few trees, or the last
// ones of many, keep all threads busy. The side is loaded anew from its records, in the order that they had, so what
// grows does not depend on who grew it.
//
// Thread rule: self-synchronised.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "forest/place.h"
#include "forest/records.h"
#include "forest/tree.h"

namespace hedgerow::forest {

class GrowQueue {
 public:
  // `tree_done` is called from any thread when the last part of a tree is grown.
  GrowQueue(const Context& context, const Records& records, std::function<void()> tree_done)
      : context_(context), records_(records), tree_done_(std::move(tree_done)) {}

  // Before anybody works. The slots outlive the work.
  void AddTree(std::span<const Slot> slots, Tree& tree);
  // Grows until nobody has anything left to grow. One thread alone can do it all.
  void Work();

 private:
  // A tree, or a side of a node of it.
  struct Part {
    std::size_t tree = 0;
    std::vector<Slot> copied;     // a side's records
    std::span<const Slot> slots;  // a whole tree's
    Place place;
    Subtree* to = nullptr;
  };
  class Lender;

  bool Next(Part& part);
  void Finish(std::size_t tree);
  bool TakeOver(std::size_t tree, std::span<const Slot> slots, const Place& place, Subtree& to);
  void CountWanted();

  const Context& context_;
  const Records& records_;
  const std::function<void()> tree_done_;
  // Threads that wait, less parts that wait for them: read without the lock, since it changes what is lent at most.
  std::atomic<std::ptrdiff_t> wanted_ = 0;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Part> waiting_;
  std::vector<std::size_t> open_;  // per tree: parts that wait or are being grown
  std::size_t growing_ = 0, idle_ = 0;
};

}  // namespace hedgerow::forest
