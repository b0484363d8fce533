#include "storage/tree_builder.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "forest/grow.h"
#include "forest/quarantine.h"
#include "forest/statistics.h"
#include "forest/workspace.h"
#include "storage/keys.h"

namespace hedgerow::storage {
namespace {

using forest::Node;
using forest::Subtree;

// Puts a tree together from its pages, which come in preorder.
class TreeBuilder {
 public:
  TreeBuilder(const forest::Context& context, const StoredTrees& stored, const SlotLabels& labels, std::uint32_t tree,
              std::vector<StoredPage>& pages)
      : context_(context),
        stored_(stored),
        labels_(labels),
        tree_(tree),
        pages_(pages),
        missing_(stored.members.Of(tree).begin(), stored.members.Of(tree).end()) {}

  bool Build(forest::Tree& tree) {
    Page* root = Take({tree.key, 0, 0});
    if (root == nullptr) return false;
    if (root->small != nullptr) {
      tree.root = std::move(root->small);
      tree.root_replaced = false;
      std::vector<std::uint32_t> counts(context_.classes, 0);
      return CheckSmall(*tree.root.small(), counts) && Whole();
    }
    if (root->quarantined) {
      std::vector<std::uint32_t> counts(context_.classes, 0);
      return GrowPutOff(root->quarantined_slots, {tree.key, 0, 0}, tree.root, counts) && Whole();
    }
    tree.root = std::move(root->node);
    tree.root_replaced = false;
    return Complete(*tree.root.node(), {tree.key, 0, 0}) && Whole();
  }

 private:
  // All pages belong to the tree, and all of its records were there.
  bool Whole() const {
    return next_ == pages_.size() &&
           std::all_of(missing_.begin(), missing_.end(), [](std::uint64_t word) { return word == 0; });
  }

  Page* Take(const forest::Place& place) {
    if (next_ == pages_.size() || pages_[next_].key != PageKey(tree_, place.path, place.depth)) return nullptr;
    return &pages_[next_++].page;
  }

  bool Complete(Node& node, const forest::Place& place) {
    node.set_place(place);
    if (place.depth >= context_.parameters.max_depth && !node.leaf()) return false;
    for (const forest::Slot anchor : node.statistics.anchors()) {
      if (!stored_.members.Holds(anchor, tree_)) return false;
    }
    if (!node.statistics.empty()) CompleteStatistics(context_, stored_.records, node);
    node.page_dirty = false;
    node.replaced = false;
    std::vector<std::uint32_t> counts(context_.classes, 0);
    if (node.leaf()) {
      if (!See(node.leaf_slots())) return false;
      for (const forest::Slot slot : node.leaf_slots()) ++counts[labels_.label(slot)];
    } else {
      for (const bool right : {false, true}) {
        Subtree& child = right ? node.right : node.left;
        if (!CompleteChild(child, place.Child(right), counts) || (!right && !CountsOnTheLeft(node, counts)))
          return false;
        // What was grown just now is in no page yet.
        if (grown_) node.page_dirty = true;
      }
    }
    return std::equal(counts.begin(), counts.end(), node.class_counts.begin());
  }

  bool CompleteChild(Subtree& child, const forest::Place& place, std::vector<std::uint32_t>& counts) {
    if (child.small() != nullptr) return CheckSmall(*child.small(), counts);
    if (child.quarantine() != nullptr) {
      const std::shared_ptr<forest::Quarantine> quarantine = child.shared_quarantine();
      return GrowPutOff(forest::CollectSlots({}, quarantine->changes), place, child, counts);
    }
    Page* page = Take(place);
    if (page == nullptr || page->node == nullptr) return false;
    child = std::move(page->node);
    if (!Complete(*child.node(), place)) return false;
    for (std::size_t y = 0; y < counts.size(); ++y) counts[y] += child.node()->class_counts[y];
    return true;
  }

  // Grows what was still to be grown when the tree was stored.
  bool GrowPutOff(const std::vector<forest::Slot>& slots, const forest::Place& place, Subtree& subtree,
                  std::vector<std::uint32_t>& counts) {
    if (!See(slots)) return false;
    for (const forest::Slot slot : slots) ++counts[labels_.label(slot)];
    if (workspace_ == nullptr) workspace_ = std::make_unique<forest::Workspace>(context_);
    subtree = forest::GrowSubtree(context_, stored_.records, *workspace_, slots, place);
    grown_ = true;
    return true;
  }

  bool CheckSmall(const forest::SmallTree& small, std::vector<std::uint32_t>& counts) {
    // The counts of its leaves follow from its records' labels (DecodePage).
    forest::AddClasses(small, counts);
    return See(small.slots());
  }

  // Every record that should be in the tree stands there once.
  template <class Slots>
  bool See(const Slots& slots) {
    for (const forest::Slot slot : slots) {
      const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
      std::uint64_t& word = missing_[slot / 64];
      if ((word & bit) == 0) return false;
      word &= ~bit;
    }
    return true;
  }

  const forest::Context& context_;
  const StoredTrees& stored_;
  const SlotLabels& labels_;
  std::uint32_t tree_;
  std::vector<StoredPage>& pages_;
  std::vector<std::uint64_t> missing_;  // a bit a slot: records of the tree that were not seen yet
  std::size_t next_ = 0;
  bool grown_ = false;  // something of the tree was still to be grown
  std::unique_ptr<forest::Workspace> workspace_;
};

}  // namespace

bool CountsOnTheLeft(const Node& node, const std::vector<std::uint32_t>& counts) {
  for (std::size_t y = 0; y < counts.size(); ++y) {
    if (CountLeft(node, node.champion, y) != counts[y]) return false;
  }
  return true;
}

bool BuildTree(const forest::Context& context, const StoredTrees& stored, const SlotLabels& labels,
               std::uint32_t number, std::vector<StoredPage>& pages, forest::Tree& tree) {
  return TreeBuilder(context, stored, labels, number, pages).Build(tree);
}

}  // namespace hedgerow::storage
