// What a forest's trees are like, found out in steps between which it may change: how robust the large splits are, and
// where the memory is.
//
// Each step is a true answer about the nodes that it comes to, as they are then. Nodes are visited in the order of
// their places, so none is counted twice, and none is left out that stays at its place from beginning to end.
//
// Thread rule: one thread; nobody writes during a step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "forest/forest.h"
#include "forest/memory.h"
#include "forest/node.h"

namespace hedgerow::unlearn {

// What was found. Where updates came in between, it is of trees at slightly different moments.
struct Survey {
  std::vector<std::uint64_t> robustness;  // RobustnessHistogram
  forest::MemoryParts memory;
  std::uint64_t from = 0, through = 0;  // the last updates of which the first step and the last one knew
};

class Surveyor {
 public:
  // Large nodes that a step looks at: together about 100 us, if each is in nobody's cache.
  static constexpr std::size_t kNodesAStep = 16;

  // Looks at some more of a tree's nodes. False: that was all of them, and the next tree is to come.
  bool Step(const forest::Forest& forest, std::size_t tree);
  // Adds what was found to a survey.
  void AddTo(const forest::Forest& forest, Survey& survey) const;

 private:
  // Places in the order in which they are visited: a node, what is left below it, what is right.
  struct Next {
    std::uint64_t path = 0;
    std::uint32_t depth = 0;
    auto operator<=>(const Next&) const = default;
  };
  bool Visit(const forest::Context& context, const forest::Subtree& subtree);
  void Look(const forest::Context& context, const forest::Node& node);

  Next next_;             // places before it are done
  std::size_t left_ = 0;  // nodes that this step may still look at
  std::vector<std::uint64_t> robustness_;
  forest::TreeMemory memory_;
};

}  // namespace hedgerow::unlearn
