#include "unlearn/result_cache.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "forest/hash.h"

namespace hedgerow::unlearn {
namespace {

constexpr std::size_t kUnit = 32;  // entries begin and end there

constexpr std::size_t RoundUp(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

std::uint64_t HashOf(const datasets::Cell* row, std::size_t bytes) {
  std::uint64_t hash = bytes;
  std::size_t at = 0;
  for (; at + sizeof hash <= bytes; at += sizeof hash) {
    std::uint64_t two = 0;
    std::memcpy(&two, reinterpret_cast<const std::byte*>(row) + at, sizeof two);
    hash = forest::Mix64(hash ^ two);
  }
  if (at < bytes) hash = forest::Mix64(hash ^ static_cast<std::uint32_t>(row[at / sizeof *row]));
  return hash;
}

std::size_t OwnCounter() {
  static std::atomic<std::size_t> threads = 0;
  thread_local const std::size_t own = threads.fetch_add(1, std::memory_order_relaxed);
  return own;
}

}  // namespace

// The row and the answer follow.
struct ResultCache::Entry {
  std::atomic<std::uint32_t> busy;
  std::uint64_t state;

  void Unlock() { busy.store(0, std::memory_order_release); }
};

ResultCache::ResultCache(std::size_t bytes, std::size_t width, std::size_t classes)
    : row_bytes_(width * sizeof(datasets::Cell)),
      answer_bytes_(classes * sizeof(double)),
      row_at_(sizeof(Entry)),
      answer_at_(RoundUp(row_at_ + row_bytes_, sizeof(double))),
      stride_(RoundUp(answer_at_ + answer_bytes_, kUnit)),
      places_(std::max(bytes / stride_ / kWays, std::size_t{1}) * kWays),
      memory_(places_ * stride_) {
  for (std::size_t i = 0; i < places_; ++i) new (memory_.data() + i * stride_) Entry{{0}, 0};
}

std::byte* ResultCache::Place(const datasets::Cell* row) {
  const std::size_t group = HashOf(row, row_bytes_) % (places_ / kWays);
  return memory_.data() + group * kWays * stride_;
}

ResultCache::Entry* ResultCache::TryLock(std::byte* place) const {
  auto* entry = std::launder(reinterpret_cast<Entry*>(place));
  return entry->busy.exchange(1, std::memory_order_acquire) == 0 ? entry : nullptr;
}

bool ResultCache::Find(std::uint64_t state, const datasets::Cell* row, double* probabilities) {
  Counter& counter = counters_[OwnCounter() % kCounters];
  std::byte* place = Place(row);
  for (std::size_t way = 0; way < kWays; ++way, place += stride_) {
    Entry* entry = TryLock(place);
    if (entry == nullptr) continue;
    const bool found = entry->state == state && std::memcmp(place + row_at_, row, row_bytes_) == 0;
    if (found) std::memcpy(probabilities, place + answer_at_, answer_bytes_);
    entry->Unlock();
    if (!found) continue;
    counter.hits.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  counter.misses.fetch_add(1, std::memory_order_relaxed);
  return false;
}

void ResultCache::Keep(std::uint64_t state, const datasets::Cell* row, const double* probabilities) {
  std::byte* const first = Place(row);
  // Where both places have answers of this state, the last one gives way in every other case.
  const bool second_gives_way = (counters_[OwnCounter() % kCounters].misses.load(std::memory_order_relaxed) & 1) != 0;
  for (std::size_t way = 0; way < kWays; ++way) {
    const bool last = way + 1 == kWays;
    std::byte* const place = first + way * stride_;
    Entry* entry = TryLock(place);
    if (entry == nullptr) continue;
    if (entry->state == state && !last && second_gives_way) {
      entry->Unlock();
      continue;
    }
    entry->state = state;
    std::memcpy(place + row_at_, row, row_bytes_);
    std::memcpy(place + answer_at_, probabilities, answer_bytes_);
    entry->Unlock();
    return;
  }
}

ResultCache::Counts ResultCache::counts() const {
  Counts counts;
  for (const Counter& counter : counters_) {
    counts.hits += counter.hits.load(std::memory_order_relaxed);
    counts.misses += counter.misses.load(std::memory_order_relaxed);
  }
  return counts;
}

}  // namespace hedgerow::unlearn
