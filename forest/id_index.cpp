#include "forest/id_index.h"

#include <utility>

#include "datasets/result.h"
#include "forest/hash.h"

namespace hedgerow::forest {

std::size_t IdIndex::Home(datasets::RecordId id) const {
  return Mix64(id) & (entries_.size() - 1);
}

std::size_t IdIndex::Locate(datasets::RecordId id) const {
  std::size_t at = Home(id);
  while (entries_[at].slot != kEmpty && entries_[at].id != id) at = (at + 1) & (entries_.size() - 1);
  return at;
}

bool IdIndex::InsertNew(datasets::RecordId id, std::uint32_t slot) {
  if ((size_ + 1) * 4 > entries_.size() * 3) Rehash(entries_.empty() ? 16 : entries_.size() * 2);
  Entry& entry = entries_[Locate(id)];
  if (entry.slot != kEmpty) return false;
  entry = {id, slot};
  ++size_;
  return true;
}

void IdIndex::Insert(datasets::RecordId id, std::uint32_t slot) {
  HEDGEROW_CHECK(InsertNew(id, slot), "an id is inserted twice");
}

void IdIndex::Remove(datasets::RecordId id) {
  HEDGEROW_CHECK(size_ > 0, "an id is removed that is not there");
  const std::size_t mask = entries_.size() - 1;
  std::size_t hole = Locate(id);
  HEDGEROW_CHECK(entries_[hole].slot != kEmpty, "an id is removed that is not there");
  // Backward shift: pull up every later entry of the run that may stand at the hole.
  for (std::size_t at = (hole + 1) & mask; entries_[at].slot != kEmpty; at = (at + 1) & mask) {
    const std::size_t distance_from_home = (at - Home(entries_[at].id)) & mask;
    if (distance_from_home < ((at - hole) & mask)) continue;
    entries_[hole] = entries_[at];
    hole = at;
  }
  entries_[hole] = Entry{};
  --size_;
}

std::optional<std::uint32_t> IdIndex::Find(datasets::RecordId id) const {
  if (entries_.empty()) return std::nullopt;
  const Entry& entry = entries_[Locate(id)];
  if (entry.slot == kEmpty) return std::nullopt;
  return entry.slot;
}

void IdIndex::Reserve(std::size_t entries) {
  std::size_t capacity = 16;
  while (entries * 4 > capacity * 3) capacity *= 2;
  if (capacity > entries_.size()) Rehash(capacity);
}

void IdIndex::Rehash(std::size_t capacity) {
  const ZeroingVector<Entry> old = std::exchange(entries_, ZeroingVector<Entry>(capacity));
  for (const Entry& entry : old) {
    if (entry.slot != kEmpty) entries_[Locate(entry.id)] = entry;
  }
}

}  // namespace hedgerow::forest
