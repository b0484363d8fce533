#include "forest/id_index.h"

#include <utility>

#include "datasets/result.h"
#include "forest/hash.h"

namespace hedgerow::forest {

std::size_t IdIndex::Home(datasets::RecordId id) const {
  return Mix64(id) & (slots_.size() - 1);
}

std::size_t IdIndex::Locate(datasets::RecordId id, Ids ids) const {
  std::size_t at = Home(id);
  while (slots_[at] != kEmpty && ids[slots_[at]] != id) at = (at + 1) & (slots_.size() - 1);
  return at;
}

bool IdIndex::InsertNew(std::uint32_t slot, Ids ids) {
  if ((size_ + 1) * 4 > slots_.size() * 3) Rehash(slots_.empty() ? 16 : slots_.size() * 2, ids);
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
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = Locate(ids[slot], ids);
  HEDGEROW_CHECK(slots_[hole] == slot, "an id is removed that is not there");
  // Backward shift: pull up every later entry of the run that may stand at the hole.
  for (std::size_t at = (hole + 1) & mask; slots_[at] != kEmpty; at = (at + 1) & mask) {
    const std::size_t distance_from_home = (at - Home(ids[slots_[at]])) & mask;
    if (distance_from_home < ((at - hole) & mask)) continue;
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
  std::size_t capacity = 16;
  while (entries * 4 > capacity * 3) capacity *= 2;
  if (capacity > slots_.size()) Rehash(capacity, ids);
}

void IdIndex::Rehash(std::size_t capacity, Ids ids) {
  const std::vector<std::uint32_t> old = std::exchange(slots_, std::vector<std::uint32_t>(capacity, kEmpty));
  for (const std::uint32_t slot : old) {
    if (slot != kEmpty) slots_[Locate(ids[slot], ids)] = slot;
  }
}

}  // namespace hedgerow::forest
