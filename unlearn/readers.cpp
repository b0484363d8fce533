#include "unlearn/readers.h"

namespace hedgerow::unlearn {

std::size_t Readers::OwnPlace() {
  static std::atomic<std::size_t> threads = 0;
  thread_local const std::size_t place = threads.fetch_add(1, std::memory_order_relaxed) % kPlaces;
  return place;
}

bool Readers::Empty(std::uint32_t epoch) const {
  for (const Place& place : places_) {
    if (place.counters[epoch].load(std::memory_order_seq_cst) != 0) return false;
  }
  return true;
}

std::uint64_t Readers::Advance(std::uint64_t wanted) {
  while (passed_ < wanted) {
    const std::uint32_t epoch = epoch_.load(std::memory_order_relaxed);
    switch (stage_) {
      case Stage::kIdle:
        stage_ = Stage::kOther;
        break;
      case Stage::kOther:
        if (!Empty(1 - epoch)) return passed_;
        epoch_.store(1 - epoch, std::memory_order_relaxed);
        stage_ = Stage::kCurrent;
        break;
      case Stage::kCurrent:
        if (!Empty(1 - epoch)) return passed_;
        stage_ = Stage::kIdle;
        ++passed_;
        break;
    }
  }
  return passed_;
}

}  // namespace hedgerow::unlearn
