// Who is reading, so that a writer knows when nobody can know an old state any more, and nobody waits for anybody.
//
// A reader counts itself in before it looks which state is the current one, and out when it is done. There are two
// counters, and `epoch` says in which one to count. The writer first publishes a new state. Whoever may have found the
// old one had counted itself in by then, in one counter or the other. So when the counter that is not in use has been
// seen at 0, `epoch` turned over to it, and then the other one has been seen at 0, all of them have left: a grace
// period has passed. Turning over makes sure that it ends however many new readers come. (The counters are those of
// Ramalhete and Correia's Left-Right; but with more than two states the writer needs not wait for the grace period to
// end.)
//
// A counter is spread over lines of the cache, so that readers do not slow each other down. Each place is looked at by
// itself: a reader leaves where it has entered.
//
// Thread rule: Enter and Visit from any thread, without locks and without waiting; the rest by one writer.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace hedgerow::unlearn {

class Readers {
 public:
  // One reading.
  class Visit {
   public:
    explicit Visit(std::atomic<std::uint64_t>& counter) : counter_(&counter) {}
    Visit(Visit&& other) noexcept : counter_(std::exchange(other.counter_, nullptr)) {}
    Visit& operator=(Visit&& other) noexcept {
      std::swap(counter_, other.counter_);
      return *this;
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit() {
      if (counter_ != nullptr) counter_->fetch_sub(1, std::memory_order_release);
    }

   private:
    std::atomic<std::uint64_t>* counter_;
  };

  // Before the reader looks for the current state.
  Visit Enter() {
    std::atomic<std::uint64_t>& counter = places_[OwnPlace()].counters[epoch_.load(std::memory_order_relaxed)];
    counter.fetch_add(1, std::memory_order_seq_cst);
    return Visit(counter);
  }

  // After a new state was published: the grace period by whose end nobody knows the old one.
  std::uint64_t Until() const { return passed_ + (stage_ == Stage::kIdle ? 1 : 2); }
  // Goes on with grace periods, up to the one with this number, as far as readers allow; never waits. How many have
  // passed.
  std::uint64_t Advance(std::uint64_t wanted);

 private:
  static constexpr std::size_t kPlaces = 16;
  struct alignas(128) Place {
    std::array<std::atomic<std::uint64_t>, 2> counters{};
  };
  // What a grace period waits for.
  enum class Stage : std::uint8_t { kIdle, kOther, kCurrent };

  static std::size_t OwnPlace();
  bool Empty(std::uint32_t epoch) const;

  std::array<Place, kPlaces> places_{};
  alignas(128) std::atomic<std::uint32_t> epoch_ = 0;
  Stage stage_ = Stage::kIdle;  // the writer's, as is the next
  std::uint64_t passed_ = 0;
};

}  // namespace hedgerow::unlearn
