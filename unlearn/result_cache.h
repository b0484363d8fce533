// Answers that were given, for rows that are asked about again (docs/predicting.md, "The result cache").
//
// An entry holds the whole row, the state of the layout that gave the answer (forest/layout.h), and the answer. It is
// found only for the same row and the same state, so it is what that state would answer, and no state from before a
// record was forgotten answers once there is another. A row has two places where it may be; what it finds there of
// other rows or older states gives way.
//
// Thread rule: from any thread. Nobody waits: an entry that another thread is busy with counts as not there.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "datasets/cell.h"
#include "forest/zeroing.h"

namespace hedgerow::unlearn {

class ResultCache {
 public:
  // For rows of `width` cells and answers of `classes` probabilities, in at most `bytes` of memory, but two entries at
  // the least.
  ResultCache(std::size_t bytes, std::size_t width, std::size_t classes);

  // Writes the answer that this state gave to the row; false if it is not there.
  bool Find(std::uint64_t state, const datasets::Cell* row, double* probabilities);
  // States are numbered from 1.
  void Keep(std::uint64_t state, const datasets::Cell* row, const double* probabilities);

  struct Counts {
    std::uint64_t hits = 0, misses = 0;
  };
  Counts counts() const;
  std::size_t entries() const { return places_; }
  std::size_t MemoryBytes() const { return memory_.capacity(); }

 private:
  static constexpr std::size_t kWays = 2;
  struct Entry;

  // The first of the entries where a row may be.
  std::byte* Place(const datasets::Cell* row);
  Entry* TryLock(std::byte* place) const;

  std::size_t row_bytes_, answer_bytes_, row_at_, answer_at_, stride_, places_;
  forest::ZeroingVector<std::byte> memory_;
  // Spread over lines of the cache, so that threads do not slow each other down.
  struct alignas(128) Counter {
    std::atomic<std::uint64_t> hits = 0, misses = 0;
  };
  static constexpr std::size_t kCounters = 16;
  std::array<Counter, kCounters> counters_{};
};

}  // namespace hedgerow::unlearn
