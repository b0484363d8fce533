// The quarantines that wait to be lifted, and the records that are gone but still needed until then.
//
// A removed record's row stays as a ghost (forest/records.h) as long as a quarantine lasts that began before, or a
// hedge has not been told of it: the row says which way it went.
//
// Thread rule: one writer.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "forest/hedge.h"
#include "forest/quarantine.h"
#include "forest/records.h"

namespace hedgerow::unlearn {

class Backlog {
 public:
  // `number` is the last update's.
  Backlog(forest::Records& records, std::uint64_t number) : records_(records), number_(number) {}

  void Add(const std::shared_ptr<forest::Quarantine>& quarantine);
  // It is taken before all others.
  void AddFirst(const std::shared_ptr<forest::Quarantine>& quarantine);
  // The one that waits longest, which does not wait any more; nothing if none waits.
  std::shared_ptr<forest::Quarantine> Take();
  std::size_t waiting() const { return queue_.size(); }
  // When the oldest quarantine that lasts began; nothing if none does.
  std::optional<std::chrono::steady_clock::time_point> waiting_since();
  // The records below all places that last.
  std::uint64_t records_waiting() const;

  // A hedge has fallen behind: until it has caught up it needs the rows of what goes from update `since` on.
  void NeedRows(forest::Hedge& hedge);

  // Removes records that update `number` took out of the forest, now or when nothing needs them any more.
  void Remove(std::span<const forest::Slot> slots, std::uint64_t number);
  // Removes the ghosts that nothing needs any more. To be called when a quarantine has ended.
  void Release();
  // Nothing is left in memory of what updates up to this one removed.
  std::uint64_t OverwrittenThrough() const { return ghosts_.empty() ? number_ : ghosts_.front().number - 1; }

  std::uint64_t number() const { return number_; }  // of the last one
  std::uint64_t NextNumber() { return ++number_; }
  // The last update of which it is certain that it and all before it are wholly in the forest.
  std::uint64_t ExactThrough();

 private:
  struct Ghost {
    std::uint64_t number = 0;
    forest::Slot slot = 0;
  };
  using Lasting = std::multimap<std::uint64_t, std::weak_ptr<void>>;  // by when it began
  // When the oldest of those that last began; kNever if there is none.
  static std::uint64_t Oldest(Lasting& lasting);
  std::uint64_t OldestNeed() { return std::min(Oldest(quarantines_), Oldest(lags_)); }

  forest::Records& records_;
  // A quarantine whose place was taken out of the forest is gone with it.
  std::deque<std::weak_ptr<forest::Quarantine>> queue_;
  Lasting quarantines_, lags_;
  std::deque<Ghost> ghosts_;  // by when they went
  std::uint64_t number_;
};

}  // namespace hedgerow::unlearn
