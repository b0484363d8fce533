#include "storage/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "forest/grow.h"
#include "forest/prefetch_node.h"
#include "forest/statistics.h"
#include "storage/bytes.h"
#include "storage/codec.h"
#include "storage/hedge_pages.h"
#include "storage/keys.h"
#include "storage/sealed.h"
#include "storage/tree_builder.h"

namespace hedgerow::storage {
namespace {

using forest::Forest;
using forest::Node;
using forest::Subtree;

class PageWriter {
 public:
  PageWriter(const Forest& forest, Database::Batch& batch) : forest_(forest), batch_(batch) {}

  std::vector<TakenPage> TakeTree(std::uint32_t number) {
    const forest::Tree& tree = forest_.trees()[number];
    tree_ = number;
    const bool replaced = tree.root.node() != nullptr ? tree.root.node()->replaced : tree.root_replaced;
    if (replaced) DeleteBelow(0, 0);
    if (tree.root.small() != nullptr) {
      if (replaced) Put(PageKey(tree_, 0, 0), EncodeSmallRoot(*tree.root.small()));
    } else if (tree.root.quarantine() != nullptr) {
      Put(PageKey(tree_, 0, 0), EncodeQuarantinedRoot(tree.root));
    } else if (tree.root.node() != nullptr) {
      WriteNode(*tree.root.node(), false);
    }
    return std::move(pages_);
  }

 private:
  // `anew`: whatever the nodes say, nothing of them is stored.
  void WriteNode(const Node& node, bool anew) {
    if (!node.page_dirty && !anew) return;
    PrefetchTop(node.left);
    PrefetchTop(node.right);
    Put(PageKey(tree_, node.path, node.depth), EncodePage(forest_.context(), node));
    for (const Subtree* child : {&node.left, &node.right}) {
      if (child->node() != nullptr) PrefetchRest(*child->node());
    }
    if (HasStorableHedge(node)) {
      Put(HedgeKey(tree_, node.path, node.depth), EncodeHedge(forest_.context(), *node.hedge()));
    } else if (node.stored_hedge) {
      batch_.Delete(Family::kPages, HedgeKey(tree_, node.path, node.depth));
    }
    anew |= node.relinked;
    const forest::Place place = node.place();
    for (const bool right : {false, true}) {
      const Subtree& child = right ? node.right : node.left;
      const bool gone = child.node() == nullptr || child.node()->replaced || anew;
      if ((right ? node.stored_right : node.stored_left) && gone) {
        const forest::Place below = place.Child(right);
        DeleteBelow(below.path, below.depth);
      }
      if (child.node() != nullptr) WriteNode(*child.node(), anew);
    }
  }

  void DeleteBelow(std::uint64_t path, std::uint32_t depth) {
    batch_.DeleteRange(Family::kPages, PageKey(tree_, path, depth), PageKeyBehind(tree_, path, depth));
    if (!forest_.trees()[tree_].stored_hedges) return;
    batch_.DeleteRange(Family::kPages, HedgeKey(tree_, path, depth), HedgeKeyBehind(tree_, path, depth));
  }

  void Put(std::string key, std::string body) { pages_.push_back({std::move(key), std::move(body)}); }

  const Forest& forest_;
  Database::Batch& batch_;
  std::uint32_t tree_ = 0;
  std::vector<TakenPage> pages_;
};

// Whether a hedge is stored is added to `hedges`.
void MarkNode(Node& node, bool anew, bool& hedges) {
  if (!node.page_dirty && !anew) return;
  node.stored_hedge = HasStorableHedge(node);
  hedges |= node.stored_hedge;
  anew |= node.relinked;
  node.page_dirty = false;
  node.replaced = false;
  node.relinked = false;
  node.stored_left = node.left.node() != nullptr;
  node.stored_right = node.right.node() != nullptr;
  for (Subtree* child : {&node.left, &node.right}) {
    if (child->node() != nullptr) MarkNode(*child->node(), anew, hedges);
  }
}

Error Damaged(const std::string& place, const std::string& what) {
  return {ErrorCode::kStoreDamaged, what + " is damaged", place,
          "restore a backup, or train again: the records determine the model"};
}

}  // namespace

bool IsDirty(const forest::Tree& tree) {
  return tree.root.node() != nullptr ? tree.root.node()->page_dirty : tree.root_replaced;
}

std::vector<TakenPage> TakePages(const Forest& forest, std::uint32_t tree, Database::Batch& batch) {
  return PageWriter(forest, batch).TakeTree(tree);
}

void PutPages(const std::vector<TakenPage>& pages, Database::Batch& batch) {
  for (const TakenPage& page : pages) PutSealed(Family::kPages, page.key, page.body, batch);
}

Status WriteAllPages(const Forest& forest, Database& database, std::size_t batch_bytes) {
  auto batch = std::make_unique<Database::Batch>(database);
  for (std::uint32_t t = 0; t < forest.trees().size(); ++t) {
    PutPages(TakePages(forest, t, *batch), *batch);
    if (batch->bytes() < batch_bytes && t + 1 < forest.trees().size()) continue;
    if (Status status = database.Write(*batch, false); !status) return status;
    batch = std::make_unique<Database::Batch>(database);
  }
  return {};
}

void MarkStored(forest::Tree& tree) {
  tree.root_replaced = false;
  if (tree.root.node() != nullptr) MarkNode(*tree.root.node(), false, tree.stored_hedges);
}

void MarkUnknown(forest::Tree& tree) {
  tree.root_replaced = true;
  if (tree.root.node() == nullptr) return;
  Node& root = *tree.root.node();
  root.page_dirty = true;
  root.replaced = true;
  root.relinked = true;
}

namespace {

// What is damaged among them is left out: the model does without it.
Status ReadHedges(const StoredTrees& stored, const SlotLabels& labels, std::uint32_t number, Forest& forest) {
  forest::Tree& tree = forest.trees()[number];
  const auto read = [&](std::string_view key, std::string_view value) -> Status {
    tree.stored_hedges = true;
    if (const auto body = Unseal(key, value)) AttachHedge(forest.context(), stored, labels, number, key, *body, tree);
    return {};
  };
  return stored.database.Scan(Family::kPages, HedgeKey(number, 0, 0), HedgeKey(number + 1, 0, 0), read);
}

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
  if (!BuildTree(forest.context(), stored, labels, number, pages, forest.trees()[number]))
    return Damaged(stored.place, name);
  return ReadHedges(stored, labels, number, forest);
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
