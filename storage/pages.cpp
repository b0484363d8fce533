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
  TreeBuilder(const forest::Context& context, const forest::Records& records, std::uint32_t tree,
              std::vector<StoredPage>& pages, std::vector<char>& seen)
      : context_(context), records_(records), tree_(tree), pages_(pages), seen_(seen) {}

  bool Build(forest::Tree& tree) {
    Page* root = Take({tree.key, 0, 0});
    if (root == nullptr) return false;
    if (root->small != nullptr) {
      tree.root.small = std::move(root->small);
      std::vector<std::uint32_t> counts(context_.classes, 0);
      return CheckSmall(*tree.root.small, counts) && next_ == pages_.size();
    }
    tree.root.node = std::move(root->node);
    return Complete(*tree.root.node, {tree.key, 0, 0}) && next_ == pages_.size();
  }

 private:
  Page* Take(const forest::Place& place) {
    if (next_ == pages_.size() || pages_[next_].key != PageKey(tree_, place.path, place.depth)) return nullptr;
    return &pages_[next_++].page;
  }

  bool Complete(Node& node, const forest::Place& place) {
    node.key = place.key;
    node.path = place.path;
    node.depth = place.depth;
    if (place.depth >= context_.parameters.max_depth && !node.leaf()) return false;
    if (!node.statistics.empty()) CompleteStatistics(context_, records_, node);
    node.page_dirty = false;
    node.replaced = false;
    std::vector<std::uint32_t> counts(context_.classes, 0);
    if (node.leaf()) {
      if (!See(node.leaf_slots, counts)) return false;
    } else {
      for (const bool right : {false, true}) {
        Subtree& child = right ? node.right : node.left;
        if (!CompleteChild(child, place.Child(right), counts)) return false;
      }
    }
    return counts == node.class_counts;
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
    return See(small.slots(), counts);
  }

  // Every record stands in a tree once.
  bool See(std::span<const forest::Slot> slots, std::vector<std::uint32_t>& counts) {
    for (const forest::Slot slot : slots) {
      if (seen_[slot] != 0) return false;
      seen_[slot] = 1;
      ++counts[records_.label(slot)];
    }
    return true;
  }

  const forest::Context& context_;
  const forest::Records& records_;
  std::uint32_t tree_;
  std::vector<StoredPage>& pages_;
  std::vector<char>& seen_;  // per slot: whether it was seen in this tree
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

// `seen` is as long as there are slots, all 0.
Status ReadTree(const StoredTrees& stored, std::uint32_t number, std::vector<char>& seen, Forest& forest) {
  const std::string name = fmt::format("tree {}", number);
  std::vector<StoredPage> pages;
  const std::string prefix = PageKey(number, 0, 0).substr(0, sizeof(std::uint32_t));
  const Status read =
      stored.database.ForEach(Family::kPages, prefix, [&](std::string_view key, std::string_view value) -> Status {
        const auto body = Unseal(key, value);
        std::optional<Page> page = body ? DecodePage(forest.context(), stored.records, *body) : std::nullopt;
        if (!page) return Damaged(stored.place, name);
        pages.push_back({std::string(key), std::move(*page)});
        return {};
      });
  if (!read) return read;
  forest::Tree& tree = forest.trees()[number];
  if (!TreeBuilder(forest.context(), stored.records, number, pages, seen).Build(tree))
    return Damaged(stored.place, name);
  tree.root_replaced = false;
  for (forest::Slot slot = 0; slot < stored.records.slot_end(); ++slot) {
    if (stored.records.Alive(slot) && (seen[slot] != 0) != stored.holds(slot, number))
      return Damaged(stored.place, name);
  }
  return {};
}

}  // namespace

Status ReadPages(const StoredTrees& stored, Forest& forest, forest::Executor& executor) {
  std::mutex mutex;
  Status first_failure;
  executor.ParallelFor(forest.trees().size(), [&](std::size_t tree) {
    std::vector<char> seen(stored.records.slot_end(), 0);
    const Status status = ReadTree(stored, static_cast<std::uint32_t>(tree), seen, forest);
    const std::lock_guard lock(mutex);
    if (!status && first_failure) first_failure = status;
  });
  return first_failure;
}

}  // namespace hedgerow::storage
