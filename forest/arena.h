// Numbered units of one size in one piece of memory, which readers may look at while a writer adds others.
//
// A unit that readers may know is never changed. It is dropped by its writer, and comes back into use when the caller
// says that no reader can know it any more. When there is no room the memory is replaced by a larger piece; the old
// one goes to the caller, who keeps it as long as there may be readers.
//
// Thread rule: one writer. Readers hold `data()` as of some moment, and units that were made before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

namespace hedgerow::forest {

class Arena {
 public:
  static constexpr std::size_t kAlignment = 128;
  struct Deleter {
    void operator()(std::byte* memory) const { ::operator delete (memory, std::align_val_t{kAlignment}); }
  };
  using Memory = std::unique_ptr<std::byte, Deleter>;

  explicit Arena(std::size_t unit_bytes) : unit_bytes_(unit_bytes) {}

  // A unit whose content is undefined. Pointers into the arena are void afterwards; memory that was replaced is
  // appended to `replaced`.
  std::uint32_t Take(std::vector<Memory>& replaced);
  // No reader knows the unit.
  void Free(std::uint32_t unit) { free_.push_back(unit); }
  // Gives back room that was taken ahead, up to a reserve. For the time before there are readers.
  void Trim();

  std::byte* data() { return memory_.get(); }
  const std::byte* data() const { return memory_.get(); }
  std::byte* unit(std::uint32_t number) { return memory_.get() + number * unit_bytes_; }
  const std::byte* unit(std::uint32_t number) const { return memory_.get() + number * unit_bytes_; }

  std::size_t units() const { return used_; }  // free ones included
  std::size_t MemoryBytes() const { return capacity_ * unit_bytes_ + free_.capacity() * sizeof(std::uint32_t); }

 private:
  Memory Replace(std::size_t capacity);

  std::size_t unit_bytes_;
  Memory memory_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
  std::vector<std::uint32_t> free_;
};

}  // namespace hedgerow::forest
