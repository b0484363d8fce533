#include "forest/node.h"

#include <algorithm>
#include <utility>

#include "forest/quarantine.h"

namespace hedgerow::forest {

void CollectSlots(const Subtree& subtree, std::vector<Slot>& slots) {
  if (subtree.small != nullptr) {
    const auto some = subtree.small->slots();
    slots.insert(slots.end(), some.begin(), some.end());
  } else if (subtree.node != nullptr) {
    slots.insert(slots.end(), subtree.node->leaf_slots.begin(), subtree.node->leaf_slots.end());
    CollectSlots(subtree.node->left, slots);
    CollectSlots(subtree.node->right, slots);
  } else if (subtree.quarantine != nullptr) {
    const std::vector<Slot> some = CollectSlots(subtree.quarantine->before, subtree.quarantine->changes);
    slots.insert(slots.end(), some.begin(), some.end());
  }
}

std::vector<Slot> CollectSlots(const Subtree& before, const std::vector<Quarantine::Change>& changes) {
  std::vector<Slot> slots, gone;
  CollectSlots(before, slots);
  for (const Quarantine::Change& change : changes) (change.added ? slots : gone).push_back(change.slot);
  if (gone.size() == 1) {
    std::erase(slots, gone[0]);
  } else if (!gone.empty()) {
    std::sort(gone.begin(), gone.end());
    std::erase_if(slots, [&](Slot slot) { return std::binary_search(gone.begin(), gone.end(), slot); });
  }
  return slots;
}

std::uint32_t CountRecords(const Subtree& subtree) {
  if (subtree.small != nullptr) return static_cast<std::uint32_t>(subtree.small->slots().size());
  if (subtree.quarantine != nullptr) return subtree.quarantine->records;
  return subtree.node != nullptr ? subtree.node->records : 0;
}

}  // namespace hedgerow::forest
