#include "forest/id_index.h"

#include <algorithm>
#include <new>
#include <utility>

#include "datasets/result.h"
#include "forest/hash.h"

namespace hedgerow::forest {
namespace {

constexpr std::size_t kSmallest = 16;
// A table of n places is grown by n / 4, so all n have to be gone through within n / 6 insertions, and those that hold
// an entry twice: by ten an insertion at least.
constexpr std::size_t kMovedAtATime = 16;

// Room is made for some more than was asked for: else the first record that comes after a training or an opening would
// begin to grow the index, and it would have two tables for a long time.
constexpr std::size_t kSpare = 32;

// The places that so many entries need: at most two of three are taken, so that one is always free.
std::size_t PlacesFor(std::size_t entries) {
  return std::max(kSmallest, entries + entries / 2 + 1);
}

}  // namespace

IdIndex::Places::Places(std::size_t size)
    : entries_(static_cast<std::uint32_t*>(std::calloc(size, sizeof(std::uint32_t)))), size_(size) {
  if (entries_ == nullptr) throw std::bad_alloc();
}

IdIndex::Places::Places(const Places& other) {
  if (other.size_ == 0) return;
  *this = Places(other.size_);
  std::copy_n(other.entries_.get(), size_, entries_.get());
}

std::size_t IdIndex::Places::Home(datasets::RecordId id) const {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>(Wide{Mix64(id)} * size_ >> 64);
}

std::size_t IdIndex::Places::Locate(datasets::RecordId id, Ids ids) const {
  std::size_t at = Home(id);
  while (entries_[at] != kFree && ids[entries_[at] - 1] != id) at = Next(at);
  return at;
}

std::optional<std::uint32_t> IdIndex::Places::Find(datasets::RecordId id, Ids ids) const {
  if (size_ == 0) return std::nullopt;
  return At(Locate(id, ids));
}

void IdIndex::Places::Remove(std::size_t hole, Ids ids) {
  // Backward shift: pull up every later entry of the run that may stand at the hole.
  for (std::size_t at = Next(hole); entries_[at] != kFree; at = Next(at)) {
    if (Distance(Home(ids[entries_[at] - 1]), at) < Distance(hole, at)) continue;
    entries_[hole] = entries_[at];
    hole = at;
  }
  entries_[hole] = kFree;
}

bool IdIndex::InsertNew(std::uint32_t slot, Ids ids) {
  if (PlacesFor(size_ + 1) > places_.size()) Grow(std::max(PlacesFor(size_ + 1), places_.size() * 5 / 4), ids);
  MoveSome(kMovedAtATime, ids);
  if (before_.Find(ids[slot], ids)) return false;
  const std::size_t place = places_.Locate(ids[slot], ids);
  if (places_.At(place)) return false;
  places_.Put(place, slot);
  ++size_;
  return true;
}

void IdIndex::Insert(std::uint32_t slot, Ids ids) {
  HEDGEROW_CHECK(InsertNew(slot, ids), "an id is inserted twice");
}

void IdIndex::Remove(std::uint32_t slot, Ids ids) {
  for (Places* places : {&places_, &before_}) {
    if (places->size() == 0) continue;
    const std::size_t place = places->Locate(ids[slot], ids);
    if (places->At(place) != slot) continue;
    places->Remove(place, ids);
    --size_;
    return;
  }
  HEDGEROW_CHECK(false, "an id is removed that is not there");
}

std::optional<std::uint32_t> IdIndex::Find(datasets::RecordId id, Ids ids) const {
  if (const auto slot = places_.Find(id, ids)) return slot;
  return before_.Find(id, ids);
}

void IdIndex::Reserve(std::size_t entries, Ids ids) {
  if (PlacesFor(entries) <= places_.size()) return;
  Grow(PlacesFor(entries + entries / kSpare), ids);
  MoveAll(ids);
}

void IdIndex::Grow(std::size_t size, Ids ids) {
  MoveAll(ids);
  before_ = std::exchange(places_, Places(size));
}

// The smaller table's places are in the order of the homes, so those of the larger one are written nearly in order. In
// front of moved_ all are free, since what stood there moved and nothing else comes.
void IdIndex::MoveSome(std::size_t places, Ids ids) {
  for (; places != 0 && moved_ < before_.size(); --places) {
    const std::optional<std::uint32_t> slot = before_.At(moved_);
    if (!slot) {
      ++moved_;
      continue;
    }
    before_.Remove(moved_, ids);
    places_.Put(places_.Locate(ids[*slot], ids), *slot);
  }
  if (moved_ < before_.size()) return;
  before_ = Places();
  moved_ = 0;
}

}  // namespace hedgerow::forest
