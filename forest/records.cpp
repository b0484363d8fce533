#include "forest/records.h"

#include <algorithm>

#include "datasets/result.h"
#include "forest/hash.h"

namespace hedgerow::forest {

void Records::GrowTo(std::size_t slots) {
  cells_.resize(slots * stride_ + kLanes);
  ids_.resize(slots);
  states_.resize(slots);
}

Slot Records::PopFreeSlot() {
  while (!free_.empty()) {
    const Slot slot = free_.back();
    free_.pop_back();
    if (states_[slot] == kFree) return slot;
  }
  const Slot slot = slot_end();
  GrowTo(static_cast<std::size_t>(slot) + 1);
  return slot;
}

Slot Records::Insert(RecordId id, ClassCode label, std::span<const Cell> cells) {
  const Slot slot = PopFreeSlot();
  InsertAt(slot, id, label, cells);
  return slot;
}

void Records::InsertAt(Slot slot, RecordId id, ClassCode label, std::span<const Cell> cells) {
  Put(slot, id, label, cells, kLive);
  index_.Insert(slot, ids_.data());
}

void Records::InsertGhost(Slot slot, RecordId id, ClassCode label, std::span<const Cell> cells) {
  Put(slot, id, label, cells, kGhost);
}

void Records::Prepare(Slot slots) {
  HEDGEROW_CHECK(states_.empty(), "there are records already");
  GrowTo(slots);
}

void Records::Place(Slot slot, RecordId id, ClassCode label, std::span<const Cell> cells) {
  HEDGEROW_CHECK(slot < states_.size(), "a slot is not prepared");
  Put(slot, id, label, cells, kLive);
}

bool Records::Index() {
  index_.Reserve(states_.size(), ids_.data());
  for (Slot slot = 0; slot < slot_end(); ++slot) {
    if (states_[slot] != kLive) {
      free_.push_back(slot);
    } else if (!index_.InsertNew(slot, ids_.data())) {
      return false;
    }
  }
  return true;
}

void Records::Put(Slot slot, RecordId id, ClassCode label, std::span<const Cell> cells, State state) {
  HEDGEROW_CHECK(cells.size() == width_, "a record of another width");
  HEDGEROW_CHECK(!Alive(slot), "a slot is taken");
  if (slot >= states_.size()) {
    for (Slot s = slot_end(); s < slot; ++s) free_.push_back(s);
    GrowTo(static_cast<std::size_t>(slot) + 1);
  }
  Cell* row = MutableRow(slot);
  std::copy(cells.begin(), cells.end(), row);
  row[width_] = static_cast<Cell>(RecordTag(seed_, id));
  row[width_ + 1] = label;
  ids_[slot] = id;
  states_[slot] = state;
}

void Records::Remove(Slot slot) {
  HEDGEROW_CHECK(Alive(slot), "a record is removed that is not there");
  if (states_[slot] == kLive) index_.Remove(slot, ids_.data());
  Zero(MutableRow(slot), stride_ * sizeof(Cell));
  Zero(&ids_[slot], sizeof ids_[slot]);
  const bool free = !hold_slots_ || states_[slot] == kDoomed;
  states_[slot] = kHeld;
  if (free) FreeSlot(slot);
}

void Records::Bury(Slot slot) {
  HEDGEROW_CHECK(slot < states_.size() && states_[slot] == kLive, "a record becomes a ghost that is not there");
  index_.Remove(slot, ids_.data());
  states_[slot] = kGhost;
}

std::vector<Slot> Records::TakeSlots(std::size_t count) {
  std::vector<Slot> slots;
  slots.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    slots.push_back(PopFreeSlot());
    states_[slots.back()] = kHeld;
  }
  return slots;
}

void Records::FreeSlot(Slot slot) {
  HEDGEROW_CHECK(slot < states_.size() && (states_[slot] == kHeld || states_[slot] == kGhost),
                 "a slot is freed that is not held");
  if (states_[slot] == kGhost) {
    states_[slot] = kDoomed;
    return;
  }
  states_[slot] = kFree;
  free_.push_back(slot);
}

void Records::Reserve(std::size_t records) {
  cells_.reserve(records * stride_ + kLanes);
  ids_.reserve(records);
  states_.reserve(records);
  index_.Reserve(records, ids_.data());
}

std::vector<Slot> Records::LiveSlots() const {
  std::vector<Slot> slots;
  slots.reserve(size());
  for (Slot slot = 0; slot < slot_end(); ++slot) {
    if (states_[slot] == kLive) slots.push_back(slot);
  }
  return slots;
}

std::size_t Records::MemoryBytes() const {
  MemoryParts parts;
  AddMemory(parts);
  return TotalBytes(parts);
}

void Records::AddMemory(MemoryParts& parts) const {
  parts["records: rows"] = {size(), cells_.bytes()};
  parts["records: ids"] = {size(), ids_.bytes()};
  parts["records: index by id"] = {size(), index_.MemoryBytes()};
  parts["records: slots"] = {states_.size(), states_.bytes() + free_.capacity() * sizeof(Slot)};
}

}  // namespace hedgerow::forest
