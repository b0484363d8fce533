// Where the memory of a model is, part by part.
//
// Counted by walking through it, so it is as large as what is there; the allocator's own share is what it says of each
// block. Room that the allocator keeps for later is nobody's part.
//
// Thread rule: pure functions; nobody writes meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace hedgerow::forest {

class Forest;
struct Node;
class Subtree;

// So many things of a kind, and their memory.
struct MemoryPart {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;

  void Add(std::uint64_t more_bytes, std::uint64_t more = 1) {
    count += more;
    bytes += more_bytes;
  }
  bool operator==(const MemoryPart&) const = default;
};
using MemoryParts = std::map<std::string, MemoryPart>;
std::size_t TotalBytes(const MemoryParts& parts);

// Of subtrees.
struct TreeMemory {
  MemoryPart nodes;        // large ones, without what follows
  MemoryPart statistics;   // a table each
  MemoryPart node_slots;   // the records of large leaves
  MemoryPart small_trees;  // their heads
  MemoryPart small_nodes;  // with the counts of leaves
  MemoryPart small_slots;  // the records of small trees
  MemoryPart put_off;      // quarantines and hedges, with all that is below
  MemoryPart allocator;    // blocks, and what they take beyond what was asked for

  std::uint64_t Total() const;  // without the allocator's share
  void Add(const Subtree& subtree);
  // The same in parts: a large node with its hedge and without its children; a subtree that has no large node.
  void AddNode(const Node& node);
  void AddWithoutNodes(const Subtree& subtree);
  void AddTo(MemoryParts& parts) const;

 private:
  void AddBlock(const void* block, std::size_t asked);
  void AddPutOff(const Subtree& subtree, std::size_t own);
};

// A subtree's, its hedges included.
std::size_t MemoryOf(const Subtree& subtree);

}  // namespace hedgerow::forest
