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
    cells_.resize(slots * stride_ + kLanes);
    ids_.resize(slots);
    alive_.resize(slots);
  }
  index_.Insert(id, slot);
  Cell* row = MutableRow(slot);
  std::copy(cells.begin(), cells.end(), row);
  row[width_] = static_cast<Cell>(RecordTag(seed_, id));
  row[width_ + 1] = label;
  ids_[slot] = id;
  alive_[slot] = 1;
}

void Records::Remove(Slot slot) {
  HEDGEROW_CHECK(Alive(slot), "a record is removed that is not there");
  index_.Remove(ids_[slot]);
  Zero(MutableRow(slot), stride_ * sizeof(Cell));
  Zero(&ids_[slot], sizeof ids_[slot]);
  alive_[slot] = 0;
  free_.push_back(slot);
}

void Records::Reserve(std::size_t records) {
  cells_.reserve(records * stride_ + kLanes);
  ids_.reserve(records);
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
  return cells_.capacity() * sizeof(Cell) + ids_.capacity() * sizeof(RecordId) + alive_.capacity() + free_.capacity() * sizeof(Slot) +
         index_.MemoryBytes();
}

}  // namespace hedgerow::forest
