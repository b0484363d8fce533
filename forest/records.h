// The live records in memory: rows of cells in slots, found by id.
//
// A slot is a small number that stays with a record for as long as it lives and is used again afterwards. Slots
// mean nothing: the model does not depend on them. A removed row is overwritten with zeros.
//
// A store needs two things more. A slot that stored trees still name must not be given to another record: with
// HoldSlots a removed record's slot stays held until it is freed. And when trees are read that are older than the
// records, those that went since have to be there once more: as ghosts, which no id finds. Nor is a removed row
// overwritten while something that was put off still needs it (unlearn/backlog.h): it is a ghost until then.
//
// Thread rule: one writer, and no reader while it writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "datasets/table.h"
#include "forest/id_index.h"
#include "forest/kernels.h"
#include "forest/memory.h"
#include "forest/roomy_array.h"

namespace hedgerow::forest {

using datasets::ClassCode;
using datasets::RecordId;
using Slot = std::uint32_t;

class Records {
 public:
  // `width` cells a record; the seed decides the records' tags.
  Records(std::size_t width, std::uint64_t seed) : width_(width), stride_(width + 2), seed_(seed) {}

  // The id must not be present, and `cells` must be `width()` long.
  Slot Insert(RecordId id, ClassCode label, std::span<const Cell> cells);
  // The same at a slot of the caller's choice that must be free: for opening a store.
  void InsertAt(Slot slot, RecordId id, ClassCode label, std::span<const Cell> cells);
  // To fill many slots on several threads: Prepare; then Place, at slots below `slots`, each once; then Index.
  void Prepare(Slot slots);
  void Place(Slot slot, RecordId id, ClassCode label, std::span<const Cell> cells);
  // False if an id is there twice: then this object is of no use.
  bool Index();
  // As InsertAt, as a ghost.
  void InsertGhost(Slot slot, RecordId id, ClassCode label, std::span<const Cell> cells);
  // Zeroes the row of a record or a ghost, and frees the slot or holds it.
  void Remove(Slot slot);
  // Makes a ghost of a live record: no id finds it any more, but its row is there until it is removed.
  void Bury(Slot slot);
  // From now on removed slots are held.
  void HoldSlots() { hold_slots_ = true; }
  // Takes free slots, for records that InsertAt will put there; they are held until then.
  std::vector<Slot> TakeSlots(std::size_t count);
  // Makes a held slot free; that of a ghost, once it is removed.
  void FreeSlot(Slot slot);
  void Reserve(std::size_t records);

  std::optional<Slot> Find(RecordId id) const { return index_.Find(id, ids_.data()); }
  // A record, or a ghost.
  bool Alive(Slot slot) const { return slot < states_.size() && (states_[slot] == kLive || Ghost(slot)); }
  bool Ghost(Slot slot) const { return slot < states_.size() && (states_[slot] == kGhost || states_[slot] == kDoomed); }

  RecordId id(Slot slot) const { return ids_[slot]; }
  ClassCode label(Slot slot) const { return static_cast<ClassCode>(row(slot)[width_ + 1]); }
  std::uint32_t tag(Slot slot) const { return static_cast<std::uint32_t>(row(slot)[width_]); }
  const Cell* row(Slot slot) const { return cells_.data() + slot * stride_; }
  // From row to row, in words; kLanes words behind the last row may be read.
  std::size_t row_stride() const { return stride_; }

  // Asks the memory for a row that will soon be read.
  void Prefetch(Slot slot) const {
    __builtin_prefetch(row(slot));
    __builtin_prefetch(row(slot) + stride_ - 1);
  }

  std::size_t width() const { return width_; }
  std::uint64_t seed() const { return seed_; }
  std::size_t size() const { return index_.size(); }                   // live records
  Slot slot_end() const { return static_cast<Slot>(states_.size()); }  // all slots are below this one
  std::vector<Slot> LiveSlots() const;                                 // ascending
  std::size_t MemoryBytes() const;
  void AddMemory(MemoryParts& parts) const;

 private:
  // kDoomed: a ghost whose slot will not be held.
  enum State : std::uint8_t { kFree = 0, kLive, kGhost, kDoomed, kHeld };

  Slot PopFreeSlot();
  void Put(Slot slot, RecordId id, ClassCode label, std::span<const Cell> cells, State state);
  void GrowTo(std::size_t slots);
  Cell* MutableRow(Slot slot) { return cells_.data() + slot * stride_; }

  std::size_t width_;
  std::size_t stride_;
  std::uint64_t seed_;
  // Per slot the cells, the tag and the label: an update reads all of them, of records that lie anywhere.
  RoomyArray<Cell> cells_;
  RoomyArray<RecordId> ids_;
  RoomyArray<State> states_;
  std::vector<Slot> free_;  // may name slots that were taken since
  bool hold_slots_ = false;
  IdIndex index_;
};

}  // namespace hedgerow::forest
