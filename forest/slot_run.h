// Slots of records side by side, 3 bytes each where they are small enough, and 4 elsewhere.
//
// Thread rule: a view, as long as the memory behind it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>
#include <vector>

#include "forest/kernels.h"
#include "forest/records.h"

namespace hedgerow::forest {

class SlotRun {
 public:
  // A run of `width` bytes a slot, behind which another byte may be read.
  SlotRun(const std::uint8_t* bytes, std::size_t size, std::uint32_t width)
      : bytes_(bytes), size_(size), width_(width), mask_(width == 3 ? 0xffffffU : ~0U) {}

  // The bytes that each of these slots needs.
  static std::uint32_t WidthOf(std::span<const Slot> slots) {
    Slot all = 0;
    for (const Slot slot : slots) all |= slot;
    return all <= 0xffffffU ? 3 : 4;
  }
  // Writes slots, and a byte behind the last if they have 3.
  static void Write(std::span<const Slot> slots, std::uint32_t width, std::uint8_t* to) {
    if (width == 3) {
      BestKernels().pack(slots.data(), slots.size(), to);
    } else {
      std::memcpy(to, slots.data(), slots.size_bytes());
    }
  }

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Slot;
    using difference_type = std::ptrdiff_t;
    using pointer = const Slot*;
    using reference = Slot;

    Iterator() = default;
    Iterator(const SlotRun& run, std::size_t at)
        : at_(run.bytes_ + at * run.width_), width_(run.width_), mask_(run.mask_) {}
    Slot operator*() const {
      Slot slot;
      std::memcpy(&slot, at_, sizeof slot);
      return slot & mask_;
    }
    Iterator& operator++() {
      at_ += width_;
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const std::uint8_t* at_ = nullptr;
    std::uint32_t width_ = 0;
    Slot mask_ = 0;
  };

  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size_}; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return size_ * width_; }
  SlotRun subspan(std::size_t first, std::size_t size) const { return {bytes_ + first * width_, size, width_}; }
  void AppendTo(std::vector<Slot>& slots) const {
    const std::size_t before = slots.size();
    slots.resize(before + size_);
    if (width_ == 3) {
      BestKernels().unpack(bytes_, size_, slots.data() + before);
    } else if (size_ != 0) {
      std::memcpy(slots.data() + before, bytes_, bytes());
    }
  }

 private:
  const std::uint8_t* bytes_;
  std::size_t size_;
  std::uint32_t width_;
  Slot mask_;
};

}  // namespace hedgerow::forest
