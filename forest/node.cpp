#include "forest/node.h"

namespace hedgerow::forest {

std::size_t Statistics::MemoryBytes() const {
  return (attributes.capacity() + constants.capacity()) * sizeof(std::uint16_t) + anchors.capacity() * sizeof(Slot) +
         table.capacity() * sizeof(std::uint32_t);
}

void Statistics::ResetTable() {
  table.assign(2 * stride() + (2 * classes + 2) * width(), 0);
}

void CollectSlots(const Subtree& subtree, std::vector<Slot>& slots) {
  if (subtree.small != nullptr) {
    const auto some = subtree.small->slots();
    slots.insert(slots.end(), some.begin(), some.end());
  } else if (subtree.node != nullptr) {
    slots.insert(slots.end(), subtree.node->leaf_slots.begin(), subtree.node->leaf_slots.end());
    CollectSlots(subtree.node->left, slots);
    CollectSlots(subtree.node->right, slots);
  }
}

std::uint32_t CountRecords(const Subtree& subtree) {
  if (subtree.small != nullptr) return static_cast<std::uint32_t>(subtree.small->slots().size());
  return subtree.node != nullptr ? subtree.node->records : 0;
}

}  // namespace hedgerow::forest
