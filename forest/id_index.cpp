#include "forest/id_index.h"

#include <algorithm>
#include <utility>

#include "datasets/result.h"
#include "forest/hash.h"

namespace hedgerow::forest {
namespace {

constexpr std::size_t kSmallest = 16;

// The places that so many entries need: at most two of three are taken, so that one is always free.
std::size_t CapacityFor(std::size_t entries) {
  return std::max(kSmallest, entries + entries / 2 + 1);
}

}  // namespace

std::size_t IdIndex::Home(datasets::RecordId id) const {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>(Wide{Mix64(id)} * slots_.size() >> 64);
}

std::size_t IdIndex::Locate(datasets::RecordId id, Ids ids) const {
  std::size_t at = Home(id);
  while (slots_[at] != kEmpty && ids[slots_[at]] != id) at = Next(at);
  return at;
}

bool IdIndex::InsertNew(std::uint32_t slot, Ids ids) {
  if (CapacityFor(size_ + 1) > slots_.size())
    Rehash(std::max(CapacityFor(size_ + 1), slots_.size() + slots_.size() / 4), ids);
  std::uint32_t& entry = slots_[Locate(ids[slot], ids)];
  if (entry != kEmpty) return false;
  entry = slot;
  ++size_;
  return true;
}

void IdIndex::Insert(std::uint32_t slot, Ids ids) {
  HEDGEROW_CHECK(InsertNew(slot, ids), "an id is inserted twice");
}

void IdIndex::Remove(std::uint32_t slot, Ids ids) {
  HEDGEROW_CHECK(size_ > 0, "an id is removed that is not there");
  std::size_t hole = Locate(ids[slot], ids);
  HEDGEROW_CHECK(slots_[hole] == slot, "an id is removed that is not there");
  // Backward shift: pull up every later entry of the run that may stand at the hole.
  for (std::size_t at = Next(hole); slots_[at] != kEmpty; at = Next(at)) {
    if (Distance(Home(ids[slots_[at]]), at) < Distance(hole, at)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = kEmpty;
  --size_;
}

std::optional<std::uint32_t> IdIndex::Find(datasets::RecordId id, Ids ids) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t slot = slots_[Locate(id, ids)];
  if (slot == kEmpty) return std::nullopt;
  return slot;
}

void IdIndex::Reserve(std::size_t entries, Ids ids) {
  if (CapacityFor(entries) > slots_.size()) Rehash(CapacityFor(entries), ids);
}

// The old places are in the order of the homes, so the new ones are written nearly in order. What takes time is to read
// the ids, which lie anywhere: they are asked for ahead.
void IdIndex::Rehash(std::size_t capacity, Ids ids) {
  constexpr std::size_t kAhead = 16;
  const std::vector<std::uint32_t> old = std::exchange(slots_, std::vector<std::uint32_t>(capacity, kEmpty));
  for (std::size_t i = 0; i < old.size(); ++i) {
    if (i + kAhead < old.size() && old[i + kAhead] != kEmpty) __builtin_prefetch(&ids[old[i + kAhead]]);
    if (old[i] != kEmpty) slots_[Locate(ids[old[i]], ids)] = old[i];
  }
}

}  // namespace hedgerow::forest
