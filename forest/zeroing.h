// An allocator that overwrites memory with zeros before it gives it back, so that no record stays behind in memory
// that nobody owns. What it gives begins a line of the cache.
//
// Thread rule: as std::allocator.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace hedgerow::forest {

// Writes zeros that the compiler may not leave out.
void Zero(void* memory, std::size_t bytes);

template <class T>
struct ZeroingAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{alignof(T) > 64 ? alignof(T) : 64};

  ZeroingAllocator() = default;
  template <class U>
  ZeroingAllocator(const ZeroingAllocator<U>&) {}

  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kAlignment)); }
  void deallocate(T* memory, std::size_t n) {
    Zero(memory, n * sizeof(T));
    ::operator delete(memory, kAlignment);
  }
  template <class U>
  bool operator==(const ZeroingAllocator<U>&) const {
    return true;
  }
};

template <class T>
using ZeroingVector = std::vector<T, ZeroingAllocator<T>>;

}  // namespace hedgerow::forest
