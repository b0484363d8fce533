// From record id to slot: open addressing with linear probing and backward-shift deletion.
//
// An entry is a slot alone, 6 bytes a record when the room was reserved, and up to 7.5 when it grew by itself: the ids
// stand in an array by slot already (records.h), which the caller gives to each call. It leaves no tombstones, so a
// removed record is really gone from here. At its fullest a look-up that finds reads 2 entries on average, and one that
// does not 5.
//
// Thread rule: one writer, and no reader while it writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "datasets/table.h"

namespace hedgerow::forest {

class IdIndex {
 public:
  // The ids by slot: that of every slot which is in the index, or is to be found or put there.
  using Ids = const datasets::RecordId*;

  // The slot's id must be absent.
  void Insert(std::uint32_t slot, Ids ids);
  // False, and nothing is changed, if the slot's id is there.
  bool InsertNew(std::uint32_t slot, Ids ids);
  // The slot must be present.
  void Remove(std::uint32_t slot, Ids ids);
  std::optional<std::uint32_t> Find(datasets::RecordId id, Ids ids) const;
  void Reserve(std::size_t entries, Ids ids);
  std::size_t size() const { return size_; }
  std::size_t MemoryBytes() const { return slots_.capacity() * sizeof(std::uint32_t); }

 private:
  static constexpr std::uint32_t kEmpty = 0xffffffffU;

  // Capacities need not be powers of two: homes are in the order of the ids' hashes, over all places.
  std::size_t Home(datasets::RecordId id) const;
  std::size_t Next(std::size_t at) const { return at + 1 == slots_.size() ? 0 : at + 1; }
  // How many places `to` is behind `from`, around the end.
  std::size_t Distance(std::size_t from, std::size_t to) const {
    return to >= from ? to - from : to + slots_.size() - from;
  }
  std::size_t Locate(datasets::RecordId id, Ids ids) const;  // its place, or the free one where it would go
  void Rehash(std::size_t capacity, Ids ids);

  std::vector<std::uint32_t> slots_;  // of any size, at most 2/3 full
  std::size_t size_ = 0;
};

}  // namespace hedgerow::forest
