#include "forest/arena.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hedgerow::forest {
namespace {

constexpr std::size_t kLeastUnits = 4;

// Room for growing: a quarter.
std::size_t WithReserve(std::size_t units) {
  return units + units / 4 + kLeastUnits;
}

}  // namespace

Arena::Memory Arena::Replace(std::size_t capacity) {
  Memory memory(static_cast<std::byte*>(::operator new (capacity* unit_bytes_, std::align_val_t{kAlignment})));
  if (used_ != 0) std::memcpy(memory.get(), memory_.get(), used_ * unit_bytes_);
  capacity_ = capacity;
  return std::exchange(memory_, std::move(memory));
}

std::uint32_t Arena::Take(std::vector<Memory>& replaced) {
  if (!free_.empty()) {
    const std::uint32_t unit = free_.back();
    free_.pop_back();
    return unit;
  }
  if (used_ == capacity_) {
    if (Memory old = Replace(WithReserve(used_)); old != nullptr) replaced.push_back(std::move(old));
  }
  return static_cast<std::uint32_t>(used_++);
}

void Arena::Trim() {
  const std::size_t capacity = used_ == 0 ? 0 : used_ + used_ / 16 + kLeastUnits;
  if (capacity < capacity_) Replace(capacity);
}

}  // namespace hedgerow::forest
