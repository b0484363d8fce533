#include "unlearn/survey.h"

#include "forest/statistics.h"
#include "unlearn/robustness.h"

namespace hedgerow::unlearn {

using forest::Node;
using forest::Subtree;

bool Surveyor::Step(const forest::Forest& forest, std::size_t tree) {
  left_ = kNodesAStep;
  const Subtree& root = forest.trees()[tree].root;
  if (root.node() == nullptr && next_ == Next{}) memory_.AddWithoutNodes(root);
  if (!Visit(forest.context(), root)) return true;
  next_ = {};
  return false;
}

// False: the step is over.
bool Surveyor::Visit(const forest::Context& context, const Subtree& subtree) {
  if (subtree.node() == nullptr) return true;
  const Node& node = *subtree.node();
  if (next_ <= Next{node.path, node.depth}) {
    if (left_ == 0) return false;
    --left_;
    Look(context, node);
    next_ = {node.path, node.depth + 1U};
  }
  if (node.leaf()) return true;
  const std::uint64_t right = node.path | 1ULL << (63 - node.depth);
  if (next_.path < right && !Visit(context, node.left)) return false;
  return Visit(context, node.right);
}

// The node, and those of its children that are not large.
void Surveyor::Look(const forest::Context& context, const Node& node) {
  memory_.AddNode(node);
  memory_.AddWithoutNodes(node.left);
  memory_.AddWithoutNodes(node.right);
  if (!node.leaf()) CountRobustness(context, node, robustness_);
}

void Surveyor::AddTo(const forest::Forest& forest, Survey& survey) const {
  survey.robustness = robustness_;
  memory_.AddTo(survey.memory);
  forest.AddOwnMemory(survey.memory);
}

}  // namespace hedgerow::unlearn
