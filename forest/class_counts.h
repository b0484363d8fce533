// A node's records by class: two counts stand in the node itself, more in a block of their own.
//
// Thread rule: a value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "datasets/schema.h"

namespace hedgerow::forest {

class ClassCounts {
 public:
  ClassCounts() = default;
  explicit ClassCounts(std::span<const std::uint32_t> counts) : size_(static_cast<std::uint16_t>(counts.size())) {
    if (size_ > kFew) store_.many = new std::uint32_t[size_];
    std::copy(counts.begin(), counts.end(), data());
  }
  ClassCounts(ClassCounts&& other) noexcept { Swap(other); }
  ClassCounts& operator=(ClassCounts&& other) noexcept {
    ClassCounts(std::move(other)).Swap(*this);
    return *this;
  }
  ClassCounts(const ClassCounts&) = delete;
  ClassCounts& operator=(const ClassCounts&) = delete;
  ~ClassCounts() {
    if (size_ > kFew) delete[] store_.many;
  }

  std::size_t size() const { return size_; }
  std::uint32_t* data() { return size_ > kFew ? store_.many : store_.few; }
  const std::uint32_t* data() const { return size_ > kFew ? store_.many : store_.few; }
  std::uint32_t* begin() { return data(); }
  std::uint32_t* end() { return data() + size_; }
  const std::uint32_t* begin() const { return data(); }
  const std::uint32_t* end() const { return data() + size_; }
  std::uint32_t& operator[](std::size_t y) { return data()[y]; }
  std::uint32_t operator[](std::size_t y) const { return data()[y]; }

  // The block of its own, if there is one.
  const void* block() const { return size_ > kFew ? store_.many : nullptr; }
  std::size_t block_bytes() const { return size_ > kFew ? size_ * sizeof(std::uint32_t) : 0; }

 private:
  static constexpr std::uint32_t kFew = 2;

  void Swap(ClassCounts& other) noexcept {
    std::swap(store_, other.store_);
    std::swap(size_, other.size_);
  }

  union Store {
    std::uint32_t few[kFew];
    std::uint32_t* many;
  };

  Store store_{};
  std::uint16_t size_ = 0;  // last, so that a node puts something behind it
  static_assert(datasets::kMaxClasses <= 0xffff);
};
static_assert(sizeof(ClassCounts) == 16);

}  // namespace hedgerow::forest
