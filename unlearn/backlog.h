// The quarantines that wait to be lifted, and the records that are gone but still needed until then.
//
// A removed record's row stays as a ghost (forest/records.h) as long as a quarantine lasts that began before: its
// subtree may have to be told of the removal, and the row says which way it went.
//
// Thread rule: one writer.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>

#include "forest/quarantine.h"
#include "forest/records.h"

namespace hedgerow::unlearn {

class Backlog {
 public:
  explicit Backlog(forest::Records& records) : records_(records) {}

  void Add(const std::shared_ptr<forest::Quarantine>& quarantine);
  // The one that waits longest, which does not wait any more; nothing if none waits.
  std::shared_ptr<forest::Quarantine> Take();
  std::size_t waiting() const { return queue_.size(); }
  // The records below all places that last.
  std::uint64_t records_waiting() const;

  // Removes records that update `number` took out of the forest, now or when nothing needs them any more.
  void Remove(std::span<const forest::Slot> slots, std::uint64_t number);
  // Removes the ghosts that nothing needs any more. To be called when a quarantine has ended.
  void Release();
  std::size_t ghosts() const { return ghosts_.size(); }

  // All updates before this one are wholly in the forest. `next` is the next update's number.
  std::uint64_t ExactBefore(std::uint64_t next);

 private:
  struct Ghost {
    std::uint64_t number = 0;
    forest::Slot slot = 0;
  };
  // When the oldest quarantine that lasts began, or nothing.
  const std::uint64_t* Oldest();

  forest::Records& records_;
  // A quarantine whose place was taken out of the forest is gone with it.
  std::deque<std::weak_ptr<forest::Quarantine>> queue_;
  std::multimap<std::uint64_t, std::weak_ptr<forest::Quarantine>> lasting_;  // by when they began
  std::deque<Ghost> ghosts_;                                                 // by when they went
};

}  // namespace hedgerow::unlearn
