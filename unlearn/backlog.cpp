#include "unlearn/backlog.h"

namespace hedgerow::unlearn {

using forest::Quarantine;
using forest::Slot;

void Backlog::Add(const std::shared_ptr<Quarantine>& quarantine) {
  queue_.push_back(quarantine);
  lasting_.emplace(quarantine->since, quarantine);
}

std::shared_ptr<Quarantine> Backlog::Take() {
  while (!queue_.empty()) {
    std::shared_ptr<Quarantine> quarantine = queue_.front().lock();
    queue_.pop_front();
    if (quarantine != nullptr) return quarantine;
  }
  return nullptr;
}

const std::uint64_t* Backlog::Oldest() {
  while (!lasting_.empty() && lasting_.begin()->second.expired()) lasting_.erase(lasting_.begin());
  return lasting_.empty() ? nullptr : &lasting_.begin()->first;
}

std::uint64_t Backlog::records_waiting() const {
  std::uint64_t records = 0;
  for (const auto& [since, lasting] : lasting_) {
    if (const auto quarantine = lasting.lock()) records += quarantine->records;
  }
  return records;
}

void Backlog::Remove(std::span<const Slot> slots, std::uint64_t number) {
  const bool needed = Oldest() != nullptr;
  for (const Slot slot : slots) {
    if (needed) {
      records_.Bury(slot);
      ghosts_.push_back({number, slot});
    } else {
      records_.Remove(slot);
    }
  }
}

void Backlog::Release() {
  const std::uint64_t* oldest = Oldest();
  while (!ghosts_.empty() && (oldest == nullptr || ghosts_.front().number < *oldest)) {
    records_.Remove(ghosts_.front().slot);
    ghosts_.pop_front();
  }
}

std::uint64_t Backlog::ExactBefore(std::uint64_t next) {
  const std::uint64_t* oldest = Oldest();
  return oldest == nullptr ? next : *oldest;
}

}  // namespace hedgerow::unlearn
