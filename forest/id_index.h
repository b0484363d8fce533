// From record id to slot: open addressing with linear probing and backward-shift deletion.
//
// std::unordered_map would take some 56 bytes an entry; this one takes 16 to 32, and leaves no tombstones, so a
// removed id is really gone from memory.
//
// Thread rule: one writer, and no reader while it writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "datasets/table.h"
#include "forest/zeroing.h"

namespace hedgerow::forest {

class IdIndex {
 public:
  // The id must be absent.
  void Insert(datasets::RecordId id, std::uint32_t slot);
  // False, and nothing is changed, if the id is there.
  bool InsertNew(datasets::RecordId id, std::uint32_t slot);
  // The id must be present.
  void Remove(datasets::RecordId id);
  std::optional<std::uint32_t> Find(datasets::RecordId id) const;
  void Reserve(std::size_t entries);
  std::size_t size() const { return size_; }
  std::size_t MemoryBytes() const { return entries_.capacity() * sizeof(Entry); }

 private:
  struct Entry {
    datasets::RecordId id = 0;
    std::uint32_t slot = kEmpty;
  };
  static constexpr std::uint32_t kEmpty = 0xffffffffU;

  std::size_t Home(datasets::RecordId id) const;
  std::size_t Locate(datasets::RecordId id) const;  // its place, or the free one where it would go
  void Rehash(std::size_t capacity);

  ZeroingVector<Entry> entries_;  // a power of two, at most 3/4 full
  std::size_t size_ = 0;
};

}  // namespace hedgerow::forest
