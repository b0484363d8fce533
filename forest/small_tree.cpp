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
  HEDGEROW_CHECK(parts.counts.size() == parts.leaves * classes, "a small tree's counts do not fit its leaves");
  static_assert(sizeof(SmallTree) % alignof(SmallNode) == 0);
  const std::size_t bytes = sizeof(SmallTree) + parts.nodes.size() * sizeof(SmallNode) +
                            parts.slots.size() * sizeof(Slot) + parts.counts.size();
  Pointer tree(new (::operator new(bytes)) SmallTree);
  tree->nodes_ = static_cast<std::uint16_t>(parts.nodes.size());
  tree->slots_ = static_cast<std::uint16_t>(parts.slots.size());
  tree->counts_ = static_cast<std::uint32_t>(parts.counts.size());
  auto* target = reinterpret_cast<unsigned char*>(tree.get() + 1);
  const auto append = [&target](const auto& part) {
    if (part.empty()) return;
    const std::size_t size = part.size() * sizeof(part[0]);
    std::memcpy(target, part.data(), size);
    target += size;
  };
  append(parts.nodes);
  append(parts.slots);
  append(parts.counts);
  return tree;
}

std::size_t SmallTree::MemoryBytes() const {
  return sizeof(SmallTree) + nodes().size_bytes() + slots().size_bytes() + counts().size_bytes();
}

std::vector<std::uint32_t> CountClasses(const SmallTree& tree, std::size_t classes) {
  std::vector<std::uint32_t> counts(classes, 0);
  const std::span<const std::uint8_t> of_leaves = tree.counts();
  for (std::size_t leaf = 0; leaf < of_leaves.size(); leaf += classes) {
    for (std::size_t y = 0; y < classes; ++y) counts[y] += of_leaves[leaf + y];
  }
  return counts;
}

}  // namespace hedgerow::forest
