#include "storage/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "forest/grow.h"
#include "forest/statistics.h"
#include "storage/bytes.h"
#include "storage/codec.h"
#include "storage/keys.h"

namespace hedgerow::storage {
namespace {

using forest::Forest;
using forest::Node;
using forest::Subtree;

class PageWriter {
 public:
  PageWriter(const Forest& forest, Database::Batch& batch) : forest_(forest), batch_(batch) {}

  // The number of pages.
  std::size_t WriteTree(std::uint32_t number) {
    pages_ = 0;
    const forest::Tree& tree = forest_.trees()[number];
    tree_ = number;
    const bool replaced = tree.root.node != nullptr ? tree.root.node->replaced : tree.root_replaced;
    if (replaced) DeleteBelow(0, 0);
    if (tree.root.small != nullptr) {
      if (replaced) Put(PageKey(tree_, 0, 0), EncodeSmallRoot(*tree.root.small));
    } else if (tree.root.node != nullptr) {
      WriteNode(*tree.root.node);
    }
    return pages_;
  }

 private:
  void WriteNode(const Node& node) {
    if (!node.page_dirty) return;
    Put(PageKey(tree_, node.path, node.depth), EncodePage(forest_.context(), node));
    const forest::Place place{node.key, node.path, node.depth};
    for (const bool right : {false, true}) {
      const Subtree& child = right ? node.right : node.left;
      const bool gone = child.node == nullptr || child.node->replaced;
      if (node.stored_children[right ? 1 : 0] && gone) {
        const forest::Place below = place.Child(right);
        DeleteBelow(below.path, below.depth);
      }
      if (child.node != nullptr) WriteNode(*child.node);
    }
  }

  void DeleteBelow(std::uint64_t path, std::uint32_t depth) {
    batch_.DeleteRange(Family::kPages, PageKey(tree_, path, depth), PageKeyBehind(tree_, path, depth));
  }

  void Put(const std::string& key, const std::string& body) {
    batch_.Put(Family::kPages, key, Seal(key, body));
    ++pages_;
  }

  const Forest& forest_;
  Database::Batch& batch_;
  std::uint32_t tree_ = 0;
  std::size_t pages_ = 0;
};

void MarkNode(Node& node) {
  if (!node.page_dirty) return;
  node.page_dirty = false;
  node.replaced = false;
  node.stored_children = {node.left.node != nullptr, node.right.node != nullptr};
  for (Subtree* child : {&node.left, &node.right}) {
    if (child->node != nullptr) MarkNode(*child->node);
  }
}

struct StoredPage {
  std::string key;
  Page page;
};

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
      tree.root.small = std::move(root->small);
      std::vector<std::uint32_t> counts(context_.classes, 0);
      return CheckSmall(*tree.root.small, counts) && Whole();
    }
    tree.root.node = std::move(root->node);
    return Complete(*tree.root.node, {tree.key, 0, 0}) && Whole();
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
    node.key = place.key;
    node.path = place.path;
    node.depth = place.depth;
    if (place.depth >= context_.parameters.max_depth && !node.leaf()) return false;
    for (const forest::Slot anchor : node.statistics.anchors) {
      if (!stored_.members.Holds(anchor, tree_)) return false;
    }
    if (!node.statistics.empty()) CompleteStatistics(context_, stored_.records, node);
    node.page_dirty = false;
    node.replaced = false;
    std::vector<std::uint32_t> counts(context_.classes, 0);
    if (node.leaf()) {
      if (!See(node.leaf_slots)) return false;
      for (const forest::Slot slot : node.leaf_slots) ++counts[labels_.label(slot)];
    } else {
      for (const bool right : {false, true}) {
        Subtree& child = right ? node.right : node.left;
        if (!CompleteChild(child, place.Child(right), counts) || (!right && !FitLeft(node, counts))) return false;
      }
    }
    return counts == node.class_counts;
  }

  // Whether the left side holds what the champion's counts say.
  static bool FitLeft(const Node& node, const std::vector<std::uint32_t>& counts) {
    for (std::size_t y = 0; y < counts.size(); ++y) {
      if (CountLeft(node.statistics, node.champion, y) != counts[y]) return false;
    }
    return true;
  }

  bool CompleteChild(Subtree& child, const forest::Place& place, std::vector<std::uint32_t>& counts) {
    if (child.small != nullptr) return CheckSmall(*child.small, counts);
    Page* page = Take(place);
    if (page == nullptr || page->node == nullptr) return false;
    child.node = std::move(page->node);
    if (!Complete(*child.node, place)) return false;
    for (std::size_t y = 0; y < counts.size(); ++y) counts[y] += child.node->class_counts[y];
    return true;
  }

  bool CheckSmall(const forest::SmallTree& small, std::vector<std::uint32_t>& counts) {
    // The counts of its leaves follow from its records' labels (DecodePage).
    const std::span<const std::uint8_t> leaves = small.counts();
    for (std::size_t i = 0; i < leaves.size(); ++i) counts[i % counts.size()] += leaves[i];
    return See(small.slots());
  }

  // Every record that should be in the tree stands there once.
  bool See(std::span<const forest::Slot> slots) {
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
};

Error Damaged(const std::string& place, const std::string& what) {
  return {ErrorCode::kStoreDamaged, what + " is damaged", place,
          "restore a backup, or train again: the records determine the model"};
}

}  // namespace

bool IsDirty(const forest::Tree& tree) {
  return tree.root.node != nullptr ? tree.root.node->page_dirty : tree.root_replaced;
}

std::size_t WritePages(const Forest& forest, std::uint32_t tree, Database::Batch& batch) {
  return PageWriter(forest, batch).WriteTree(tree);
}

Status WriteAllPages(const Forest& forest, Database& database, std::size_t batch_bytes) {
  auto batch = std::make_unique<Database::Batch>(database);
  for (std::uint32_t t = 0; t < forest.trees().size(); ++t) {
    PageWriter(forest, *batch).WriteTree(t);
    if (batch->bytes() < batch_bytes && t + 1 < forest.trees().size()) continue;
    if (Status status = database.Write(*batch, false); !status) return status;
    batch = std::make_unique<Database::Batch>(database);
  }
  return {};
}

void MarkStored(forest::Tree& tree) {
  tree.root_replaced = false;
  if (tree.root.node != nullptr) MarkNode(*tree.root.node);
}

namespace {

Status ReadTree(const StoredTrees& stored, const SlotLabels& labels, std::uint32_t number, Forest& forest) {
  const std::string name = fmt::format("tree {}", number);
  std::vector<StoredPage> pages;
  const auto read = [&](std::string_view key, std::string_view value) -> Status {
    const auto body = Unseal(key, value);
    std::optional<Page> page = body ? DecodePage(forest.context(), labels, *body) : std::nullopt;
    if (!page) return Damaged(stored.place, name);
    pages.push_back({std::string(key), std::move(*page)});
    return {};
  };
  const Status status = stored.database.Scan(Family::kPages, PageKey(number, 0, 0), PageKey(number + 1, 0, 0), read);
  if (!status) return status;
  forest::Tree& tree = forest.trees()[number];
  if (!TreeBuilder(forest.context(), stored, labels, number, pages).Build(tree)) return Damaged(stored.place, name);
  tree.root_replaced = false;
  return {};
}

}  // namespace

Status ReadPages(const StoredTrees& stored, Forest& forest, forest::Executor& executor) {
  const SlotLabels labels(stored.records);
  std::mutex mutex;
  Status first_failure;
  executor.ParallelFor(forest.trees().size(), [&](std::size_t tree) {
    const Status status = ReadTree(stored, labels, static_cast<std::uint32_t>(tree), forest);
    const std::lock_guard lock(mutex);
    if (!status && first_failure) first_failure = status;
  });
  return first_failure;
}

}  // namespace hedgerow::storage
