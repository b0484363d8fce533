#include "forest/memory.h"

#include <malloc.h>

#include "forest/hedge.h"
#include "forest/node.h"
#include "forest/quarantine.h"

// There in programs that are linked with mimalloc (cmake/allocator.cmake).
extern "C" [[gnu::weak]] int mi_version();

namespace hedgerow::forest {
namespace {

// What the C library's allocator puts before each block; mimalloc puts nothing there.
const std::size_t kBlockHead = mi_version == nullptr ? 8 : 0;

}  // namespace

std::size_t TotalBytes(const MemoryParts& parts) {
  std::size_t bytes = 0;
  for (const auto& [name, part] : parts) bytes += part.bytes;
  return bytes;
}

void TreeMemory::AddBlock(const void* block, std::size_t asked) {
  if (block == nullptr) return;
  // The function changes nothing, but does not say so.
  allocator.Add(malloc_usable_size(const_cast<void*>(block)) + kBlockHead - asked);
}

void TreeMemory::AddPutOff(const Subtree& subtree, std::size_t own) {
  TreeMemory below;
  below.Add(subtree);
  put_off.Add(own + below.Total());
  allocator.Add(below.allocator.bytes, below.allocator.count);
}

void TreeMemory::Add(const Subtree& subtree) {
  AddWithoutNodes(subtree);
  if (subtree.node() == nullptr) return;
  AddNode(*subtree.node());
  Add(subtree.node()->left);
  Add(subtree.node()->right);
}

void TreeMemory::AddWithoutNodes(const Subtree& subtree) {
  if (subtree.small() != nullptr) {
    const SmallTree& tree = *subtree.small();
    small_trees.Add(sizeof(SmallTree));
    small_nodes.Add(tree.nodes().size_bytes() + tree.counts().size_bytes(), tree.nodes().size());
    small_slots.Add(tree.slots().bytes(), tree.slots().size());
    AddBlock(&tree, tree.MemoryBytes());
  }
  if (subtree.quarantine() != nullptr) {
    const Quarantine& quarantine = *subtree.quarantine();
    AddPutOff(quarantine.before, sizeof(Quarantine) + quarantine.class_counts.capacity() * sizeof(std::uint32_t) +
                                     quarantine.changes.capacity() * sizeof(Quarantine::Change));
  }
}

void TreeMemory::AddNode(const Node& node) {
  nodes.Add(sizeof(Node) + node.class_counts.block_bytes());
  AddBlock(&node, sizeof(Node));
  AddBlock(node.class_counts.block(), node.class_counts.block_bytes());
  if (!node.statistics.empty()) statistics.Add(node.statistics.block_bytes());
  AddBlock(node.statistics.block(), node.statistics.block_bytes());
  const std::vector<Slot>& slots = node.leaf_slots();
  if (node.extras != nullptr) {
    nodes.Add(sizeof(NodeExtras), 0);
    AddBlock(node.extras.get(), sizeof(NodeExtras));
  }
  node_slots.Add(slots.capacity() * sizeof(Slot), slots.size());
  AddBlock(slots.data(), slots.capacity() * sizeof(Slot));
  if (node.hedge() != nullptr) {
    const Hedge& hedge = *node.hedge();
    AddPutOff(hedge.left, sizeof(Hedge) + hedge.lag.capacity() * sizeof(Quarantine::Change));
    AddPutOff(hedge.right, 0);
  }
}

std::uint64_t TreeMemory::Total() const {
  return nodes.bytes + statistics.bytes + node_slots.bytes + small_trees.bytes + small_nodes.bytes + small_slots.bytes +
         put_off.bytes;
}

void TreeMemory::AddTo(MemoryParts& parts) const {
  parts["forest: large nodes"] = nodes;
  parts["forest: statistics of large nodes"] = statistics;
  parts["forest: records of large leaves"] = node_slots;
  parts["forest: small trees"] = small_trees;
  parts["forest: small nodes"] = small_nodes;
  parts["forest: records of small trees"] = small_slots;
  parts["forest: quarantines and hedges"] = put_off;
  parts["allocator"] = allocator;
}

std::size_t MemoryOf(const Subtree& subtree) {
  TreeMemory memory;
  memory.Add(subtree);
  return memory.Total();
}

}  // namespace hedgerow::forest
