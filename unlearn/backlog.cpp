#include "unlearn/backlog.h"

namespace hedgerow::unlearn {

using forest::Quarantine;
using forest::Slot;

namespace {

constexpr std::uint64_t kNever = ~std::uint64_t{0};

}  // namespace

void Backlog::Add(const std::shared_ptr<Quarantine>& quarantine) {
  queue_.push_back(quarantine);
  quarantines_.emplace(quarantine->since, quarantine);
}

void Backlog::AddFirst(const std::shared_ptr<Quarantine>& quarantine) {
  queue_.push_front(quarantine);
  quarantines_.emplace(quarantine->since, quarantine);
}

std::shared_ptr<Quarantine> Backlog::Take() {
  while (!queue_.empty()) {
    std::shared_ptr<Quarantine> quarantine = queue_.front().lock();
    queue_.pop_front();
    if (quarantine != nullptr) return quarantine;
  }
  return nullptr;
}

void Backlog::NeedRows(forest::Hedge& hedge) {
  if (hedge.needs_rows != nullptr) return;
  hedge.needs_rows = std::make_shared<char>();
  lags_.emplace(hedge.since, hedge.needs_rows);
}

std::uint64_t Backlog::Oldest(Lasting& lasting) {
  while (!lasting.empty() && lasting.begin()->second.expired()) lasting.erase(lasting.begin());
  return lasting.empty() ? kNever : lasting.begin()->first;
}

std::optional<std::chrono::steady_clock::time_point> Backlog::waiting_since() {
  if (Oldest(quarantines_) == kNever) return std::nullopt;
  const auto oldest = quarantines_.begin()->second.lock();
  return static_cast<const Quarantine*>(oldest.get())->began;
}

std::uint64_t Backlog::records_waiting() const {
  std::uint64_t records = 0;
  for (const auto& [since, lasting] : quarantines_) {
    if (const auto quarantine = lasting.lock()) records += static_cast<const Quarantine*>(quarantine.get())->records;
  }
  return records;
}

void Backlog::Remove(std::span<const Slot> slots, std::uint64_t number) {
  const bool needed = OldestNeed() != kNever;
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
  const std::uint64_t oldest = OldestNeed();
  while (!ghosts_.empty() && ghosts_.front().number < oldest) {
    records_.Remove(ghosts_.front().slot);
    ghosts_.pop_front();
  }
}

std::uint64_t Backlog::ExactThrough() {
  const std::uint64_t oldest = Oldest(quarantines_);
  return oldest == kNever ? number_ : oldest - 1;
}

}  // namespace hedgerow::unlearn
