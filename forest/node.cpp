#include "forest/node.h"

#include <algorithm>
#include <utility>

#include "forest/hedge.h"
#include "forest/quarantine.h"

namespace hedgerow::forest {

Subtree::Subtree(std::unique_ptr<Node> node) : word_(reinterpret_cast<std::uintptr_t>(node.release()) | kNode) {
  static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ > kKindBits);
}

Subtree::Subtree(SmallTree::Pointer small) : word_(reinterpret_cast<std::uintptr_t>(small.release()) | kSmall) {}

Subtree::Subtree(std::shared_ptr<Quarantine> quarantine)
    : word_(reinterpret_cast<std::uintptr_t>(new std::shared_ptr<Quarantine>(std::move(quarantine))) | kQuarantine) {}

Quarantine* Subtree::quarantine() const {
  const auto* shared = As<std::shared_ptr<Quarantine>>(kQuarantine);
  return shared != nullptr ? shared->get() : nullptr;
}

std::shared_ptr<Quarantine> Subtree::shared_quarantine() const {
  const auto* shared = As<std::shared_ptr<Quarantine>>(kQuarantine);
  return shared != nullptr ? *shared : nullptr;
}

void Subtree::Free() {
  delete node();
  if (SmallTree* tree = small(); tree != nullptr) SmallTree::Deleter()(tree);
  delete As<std::shared_ptr<Quarantine>>(kQuarantine);
}

NodeExtras& Node::Extras() {
  if (extras == nullptr) extras = std::make_unique<NodeExtras>();
  return *extras;
}

const std::vector<Slot>& Node::leaf_slots() const {
  static const std::vector<Slot> none;
  return extras != nullptr ? extras->leaf_slots : none;
}

const std::shared_ptr<Hedge>& Node::hedge() const {
  static const std::shared_ptr<Hedge> none;
  return extras != nullptr ? extras->hedge : none;
}

void Node::set_hedge(std::shared_ptr<Hedge> hedge) {
  if (hedge != nullptr || extras != nullptr) Extras().hedge = std::move(hedge);
}

void CollectSlots(const Subtree& subtree, std::vector<Slot>& slots) {
  if (subtree.small() != nullptr) {
    subtree.small()->slots().AppendTo(slots);
  } else if (subtree.node() != nullptr) {
    const std::vector<Slot>& own = subtree.node()->leaf_slots();
    slots.insert(slots.end(), own.begin(), own.end());
    CollectSlots(subtree.node()->left, slots);
    CollectSlots(subtree.node()->right, slots);
  } else if (subtree.quarantine() != nullptr) {
    const std::vector<Slot> some = CollectSlots(subtree.quarantine()->before, subtree.quarantine()->changes);
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
  if (subtree.small() != nullptr) return static_cast<std::uint32_t>(subtree.small()->slots().size());
  if (subtree.quarantine() != nullptr) return subtree.quarantine()->records;
  return subtree.node() != nullptr ? subtree.node()->records : 0;
}

}  // namespace hedgerow::forest
