// From record id to slot: open addressing with linear probing and backward-shift deletion.
//
// An entry is a slot alone, 6.2 bytes a record when the room was reserved, and up to 7.5 when it grew by itself, with 6
// more while it does: the ids stand in an array by slot already (records.h), which the caller gives to each call. It
// leaves no tombstones, so a removed record is really gone from here. At its fullest a look-up that finds reads 2
// entries on average, and one that does not 5.
//
// It grows by pieces: each insertion moves a few entries to the larger table, since moving a million at once takes tens
// of milliseconds. Until all have moved, both are looked into.
//
// Thread rule: one writer, and no reader while it writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>

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
  // Makes room at once, for a thirtieth more than that.
  void Reserve(std::size_t entries, Ids ids);
  std::size_t size() const { return size_; }
  std::size_t MemoryBytes() const { return places_.bytes() + before_.bytes(); }

 private:
  // A table. Its size need not be a power of two: homes are in the order of the ids' hashes, over all places.
  class Places {
   public:
    Places() = default;
    explicit Places(std::size_t size);  // not 0; the system gives its memory as it is written
    Places(const Places& other);
    Places(Places&& other) noexcept { *this = std::move(other); }
    Places& operator=(Places&& other) noexcept {
      std::swap(entries_, other.entries_);
      std::swap(size_, other.size_);
      return *this;
    }

    std::size_t size() const { return size_; }
    std::size_t bytes() const { return size_ * sizeof(std::uint32_t); }
    // Where the id stands, or the free place where it would go.
    std::size_t Locate(datasets::RecordId id, Ids ids) const;
    std::optional<std::uint32_t> At(std::size_t place) const {
      if (entries_[place] == kFree) return std::nullopt;
      return entries_[place] - 1;
    }
    std::optional<std::uint32_t> Find(datasets::RecordId id, Ids ids) const;
    void Put(std::size_t place, std::uint32_t slot) { entries_[place] = slot + 1; }
    void Remove(std::size_t place, Ids ids);

   private:
    static constexpr std::uint32_t kFree = 0;
    struct Release {
      void operator()(std::uint32_t* memory) const { std::free(memory); }
    };

    std::size_t Home(datasets::RecordId id) const;
    std::size_t Next(std::size_t at) const { return at + 1 == size_ ? 0 : at + 1; }
    // How many places `to` is behind `from`, around the end.
    std::size_t Distance(std::size_t from, std::size_t to) const { return to >= from ? to - from : to + size_ - from; }

    std::unique_ptr<std::uint32_t[], Release> entries_;  // slots + 1
    std::size_t size_ = 0;
  };

  // Begins to grow.
  void Grow(std::size_t size, Ids ids);
  // Looks at so many places of the smaller table, and moves what is there; a place that held an entry is looked at
  // twice.
  void MoveSome(std::size_t places, Ids ids);
  void MoveAll(Ids ids) { MoveSome(2 * before_.size(), ids); }

  Places places_;  // at most 2/3 full
  Places before_;  // what has not moved yet, from place moved_ on
  std::size_t moved_ = 0;
  std::size_t size_ = 0;
};

}  // namespace hedgerow::forest
