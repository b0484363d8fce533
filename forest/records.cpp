#include "forest/records.h"

#include <algorithm>

#include "datasets/result.h"
#include "forest/hash.h"

namespace hedgerow::forest {

Slot Records::Insert(RecordId id, ClassCode label, std::span<const Cell> cells) {
  // InsertAt may have taken a slot of the free list: then its entry is stale.
  while (!free_.empty() && alive_[free_.back()]) free_.pop_back();
  const Slot slot = free_.empty() ? slot_end() : free_.back();
  if (!free_.empty()) free_.pop_back();
  InsertAt(slot, id, label, cells);
  return slot;
}

void Records::InsertAt(Slot slot, RecordId id, ClassCode label, std::span<const Cell> cells) {
  HEDGEROW_CHECK(cells.size() == width_, "a record of another width");
  HEDGEROW_CHECK(!Alive(slot), "a slot is taken");
  if (slot >= alive_.size()) {
    for (Slot s = slot_end(); s < slot; ++s) free_.push_back(s);
    const std::size_t slots = static_cast<std::size_t>(slot) + 1;
    cells_.resize(slots * width_);
    ids_.resize(slots);
    labels_.resize(slots);
    tags_.resize(slots);
    alive_.resize(slots);
  }
  index_.Insert(id, slot);
  std::copy(cells.begin(), cells.end(), cells_.begin() + static_cast<std::ptrdiff_t>(slot * width_));
  ids_[slot] = id;
  labels_[slot] = label;
  tags_[slot] = RecordTag(seed_, id);
  alive_[slot] = 1;
}

void Records::Remove(Slot slot) {
  HEDGEROW_CHECK(Alive(slot), "a record is removed that is not there");
  index_.Remove(ids_[slot]);
  Zero(cells_.data() + slot * width_, width_ * sizeof(Cell));
  Zero(&ids_[slot], sizeof ids_[slot]);
  Zero(&tags_[slot], sizeof tags_[slot]);
  labels_[slot] = 0;
  alive_[slot] = 0;
  free_.push_back(slot);
}

void Records::Reserve(std::size_t records) {
  cells_.reserve(records * width_);
  ids_.reserve(records);
  labels_.reserve(records);
  tags_.reserve(records);
  alive_.reserve(records);
  index_.Reserve(records);
}

std::vector<Slot> Records::LiveSlots() const {
  std::vector<Slot> slots;
  slots.reserve(size());
  for (Slot slot = 0; slot < slot_end(); ++slot) {
    if (alive_[slot]) slots.push_back(slot);
  }
  return slots;
}

std::size_t Records::MemoryBytes() const {
  return cells_.capacity() * sizeof(Cell) + ids_.capacity() * sizeof(RecordId) + labels_.capacity() +
         tags_.capacity() * sizeof(std::uint32_t) + alive_.capacity() + free_.capacity() * sizeof(Slot) +
         index_.MemoryBytes();
}

}  // namespace hedgerow::forest
