#include "forest/small_tree.h"

#include <cstring>
#include <new>

namespace hedgerow::forest {

void SmallTreeParts::Clear() {
  nodes.clear();
  counts.clear();
  slots.clear();
  leaves = 0;
}

void SmallTree::Deleter::operator()(SmallTree* tree) const {
  tree->~SmallTree();
  ::operator delete(tree);
}

SmallTree::Pointer SmallTree::Make(const SmallTreeParts& parts, std::size_t classes) {
  HEDGEROW_CHECK(!parts.nodes.empty() && parts.slots.size() <= kSmallRecords, "a small tree is too large");
  HEDGEROW_CHECK(parts.nodes.size() < 2 * kSmallRecords, "a small tree has too many nodes");
  HEDGEROW_CHECK(parts.counts.size() == parts.leaves * classes, "a small tree's counts do not fit its leaves");
  static_assert(sizeof(SmallTree) % alignof(SmallNode) == 0);
  const std::uint32_t slot_width = SlotRun::WidthOf(parts.slots);
  const std::size_t nodes = parts.nodes.size() * sizeof(SmallNode), slots = parts.slots.size() * slot_width;
  Pointer tree(new (::operator new(sizeof(SmallTree) + nodes + slots + parts.counts.size())) SmallTree);
  tree->nodes_ = static_cast<std::uint8_t>(parts.nodes.size());
  tree->counts_ = static_cast<std::uint16_t>(parts.counts.size());
  tree->slots_ = static_cast<std::uint8_t>(parts.slots.size());
  tree->slot_width_ = slot_width & 7U;
  auto* target = reinterpret_cast<std::uint8_t*>(tree.get() + 1);
  std::memcpy(target, parts.nodes.data(), nodes);
  // In this order: the byte behind the last slot is the first of the counts.
  SlotRun::Write(parts.slots, slot_width, target + nodes);
  std::memcpy(target + nodes + slots, parts.counts.data(), parts.counts.size());
  return tree;
}

std::size_t SmallTree::MemoryBytes() const {
  return sizeof(SmallTree) + nodes().size_bytes() + slots().bytes() + counts().size_bytes();
}

void AddClasses(const SmallTree& tree, std::span<std::uint32_t> counts) {
  const std::span<const std::uint8_t> of_leaves = tree.counts();
  for (std::size_t leaf = 0; leaf < of_leaves.size(); leaf += counts.size()) {
    for (std::size_t y = 0; y < counts.size(); ++y) counts[y] += of_leaves[leaf + y];
  }
}

std::vector<std::uint32_t> CountClasses(const SmallTree& tree, std::size_t classes) {
  std::vector<std::uint32_t> counts(classes, 0);
  AddClasses(tree, counts);
  return counts;
}

}  // namespace hedgerow::forest
