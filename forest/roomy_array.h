// An array that grows in place: it takes many times the address space that it needs, and the system gives memory for it
// only as it is written. A vector moves all that it has when it is full, which took a tenth of a second with a million
// rows, in the middle of somebody's update. Moving is what this does too where its room is used up, after growing to
// kRoom times its size, or where the system grants no such room.
//
// For plain values. New elements are zero. What is given back is overwritten with zeros first, as in zeroing.h.
//
// Thread rule: as std::vector.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "forest/zeroing.h"

namespace hedgerow::forest {

template <class T>
class RoomyArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static constexpr std::size_t kRoom = 16;

  RoomyArray() = default;
  RoomyArray(const RoomyArray& other) {
    reserve(other.size_);
    std::copy_n(other.data_, other.size_, data_);
    size_ = other.size_;
  }
  RoomyArray(RoomyArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        room_(std::exchange(other.room_, 0)) {}
  RoomyArray& operator=(RoomyArray other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
    return *this;
  }
  ~RoomyArray() { Free(); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Of memory; more of address space.
  std::size_t bytes() const { return size_ * sizeof(T); }

  // May throw std::bad_alloc, and then nothing is changed.
  void reserve(std::size_t size) {
    if (size > room_) Move(size);
  }
  void resize(std::size_t size) {
    reserve(size);
    if (size < size_) Zero(data_ + size, (size_ - size) * sizeof(T));
    if (size > size_) std::fill(data_ + size_, data_ + size, T{});
    size_ = size;
  }

 private:
  static constexpr std::align_val_t kAlignment = ZeroingAllocator<T>::kAlignment;
  static constexpr std::size_t kLeastBytes = 1U << 20U;

  void Move(std::size_t needed) {
    RoomyArray moved;
    for (moved.room_ = std::max(needed * kRoom, kLeastBytes / sizeof(T));; moved.room_ = moved.room_ / 2) {
      const bool last = moved.room_ <= needed;
      if (last) moved.room_ = needed;
      const std::size_t bytes = moved.room_ * sizeof(T);
      moved.data_ =
          static_cast<T*>(last ? ::operator new(bytes, kAlignment) : ::operator new(bytes, kAlignment, std::nothrow));
      if (moved.data_ != nullptr) break;
    }
    std::copy_n(data_, size_, moved.data_);
    moved.size_ = size_;
    *this = std::move(moved);
  }
  void Free() {
    if (data_ == nullptr) return;
    Zero(data_, size_ * sizeof(T));
    ::operator delete(data_, kAlignment);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

}  // namespace hedgerow::forest
