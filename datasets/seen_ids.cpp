#include "datasets/seen_ids.h"

#include <algorithm>

namespace hedgerow::datasets {
namespace {

constexpr std::size_t kLeast = 1024;

// The finalizer of MurmurHash3 (Appleby): each bit of the id decides about the lowest ones.
std::uint64_t Mix(std::uint64_t id) {
  id = (id ^ (id >> 33)) * 0xff51afd7ed558ccdULL;
  id = (id ^ (id >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return id ^ (id >> 33);
}

}  // namespace

// The entry of one of the others, or the free one that it would have.
SeenIds::Entry& SeenIds::Find(RecordId id) {
  const std::size_t mask = others_.size() - 1;
  std::size_t at = Mix(id) & mask;
  while (others_[at].line != 0 && others_[at].id != id) at = (at + 1) & mask;
  return others_[at];
}

void SeenIds::Grow() {
  std::vector<Entry> old(others_.empty() ? kLeast : 2 * others_.size());
  old.swap(others_);
  for (const Entry& entry : old) {
    if (entry.line != 0) Find(entry.id) = entry;
  }
}

std::uint64_t SeenIds::Add(RecordId id, std::uint64_t line) {
  if (ascending_.empty() || id > ascending_.back().id) {
    ascending_.push_back({id, line});
    return 0;
  }
  const auto sorted = std::lower_bound(ascending_.begin(), ascending_.end(), id,
                                       [](const Entry& entry, RecordId wanted) { return entry.id < wanted; });
  if (sorted->id == id) return sorted->line;
  if (4 * others_used_ >= 3 * others_.size()) Grow();
  Entry& entry = Find(id);
  if (entry.line != 0) return entry.line;
  entry = {id, line};
  ++others_used_;
  return 0;
}

}  // namespace hedgerow::datasets
