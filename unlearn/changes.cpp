#include "unlearn/changes.h"

#include <algorithm>

namespace hedgerow::unlearn {

using forest::Quarantine;

std::vector<Quarantine::Change> NetChanges(std::span<const Quarantine::Change> changes) {
  std::vector<Quarantine::Change> net;
  for (const Quarantine::Change& change : changes) {
    const auto came = std::find_if(net.begin(), net.end(), [&](const auto& one) { return one.slot == change.slot; });
    if (came != net.end()) {
      net.erase(came);
    } else {
      net.push_back(change);
    }
  }
  return net;
}

NetSlots PartChanges(std::span<const Quarantine::Change> changes) {
  NetSlots slots;
  for (const Quarantine::Change& change : NetChanges(changes)) {
    (change.added ? slots.added : slots.removed).push_back(change.slot);
  }
  return slots;
}

}  // namespace hedgerow::unlearn
