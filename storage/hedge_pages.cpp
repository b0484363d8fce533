#include "storage/hedge_pages.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "forest/hedge.h"
#include "forest/statistics.h"
#include "storage/bytes.h"
#include "storage/codec.h"
#include "storage/keys.h"
#include "storage/tree_builder.h"

namespace hedgerow::storage {

using forest::Hedge;
using forest::Node;
using forest::Place;
using forest::Slot;
using forest::Subtree;

namespace {

// On disk: never change. There are fewer trees (forest/parameters.h).
constexpr std::uint32_t kHedges = 0x80000000U;

bool Whole(const Subtree& subtree) {
  if (subtree.quarantine() != nullptr) return false;
  return subtree.node() == nullptr || (Whole(subtree.node()->left) && Whole(subtree.node()->right));
}

// In preorder: a small root's page, or those of all large nodes.
void WriteSubtree(const forest::Context& context, const Subtree& subtree, Writer& writer) {
  if (subtree.small() != nullptr) {
    writer.Text(EncodeSmallRoot(*subtree.small()));
    return;
  }
  writer.Text(EncodePage(context, *subtree.node()));
  for (const Subtree* child : {&subtree.node()->left, &subtree.node()->right}) {
    if (child->node() != nullptr) WriteSubtree(context, *child, writer);
  }
}

class HedgeReader {
 public:
  HedgeReader(const forest::Context& context, const StoredTrees& stored, const SlotLabels& labels, std::uint32_t tree,
              std::string_view body)
      : context_(context), stored_(stored), labels_(labels), tree_(tree), reader_(body) {}

  std::shared_ptr<Hedge> Read(const Node& node) {
    auto hedge = std::make_shared<Hedge>();
    hedge->tree = tree_;
    hedge->place = node.place();
    const std::uint64_t attribute = reader_.Varint();
    if (attribute >= context_.width()) return nullptr;
    hedge->split.attribute = static_cast<std::uint16_t>(attribute);
    hedge->split.threshold = static_cast<std::int32_t>(reader_.U32());
    if (!FindOrder(node, hedge->split)) return nullptr;
    if (!ReadSubtree(hedge->place.Child(false), hedge->left) || !ReadSubtree(hedge->place.Child(true), hedge->right))
      return nullptr;
    if (!reader_.done() || !HoldsTheSame(node, *hedge)) return nullptr;
    std::vector<std::uint32_t> counts(context_.classes, 0);
    return AddCounts(hedge->left, counts) && AddCounts(hedge->right, counts) ? hedge : nullptr;
  }

 private:
  bool FindOrder(const Node& node, forest::Split& split) const {
    for (std::size_t lane = 0; lane < node.statistics.lanes(); ++lane) {
      if (node.statistics.attribute(lane) != split.attribute) continue;
      split.order =
          forest::AttributeOrder(context_.types[split.attribute], forest::AttributeWord(node.key, split.attribute));
      return true;
    }
    return false;
  }

  bool ReadSubtree(const Place& place, Subtree& subtree) {
    if (place.depth > context_.parameters.max_depth) return false;
    const std::string_view body = reader_.Text();
    std::optional<Page> page = reader_.failed() ? std::nullopt : DecodePage(context_, labels_, body);
    if (!page || page->quarantined) return false;
    if (page->node == nullptr) {
      if (page->small == nullptr) return false;
      subtree = std::move(page->small);
      return true;
    }
    Node& node = *page->node;
    node.set_place(place);
    for (const Slot anchor : node.statistics.anchors()) {
      if (!stored_.members.Holds(anchor, tree_)) return false;
    }
    if (!node.statistics.empty()) CompleteStatistics(context_, stored_.records, node);
    if (node.left.quarantine() != nullptr || node.right.quarantine() != nullptr) return false;
    if (!node.leaf()) {
      if (place.depth >= context_.parameters.max_depth) return false;
      if (node.left.empty() && !ReadSubtree(place.Child(false), node.left)) return false;
      if (node.right.empty() && !ReadSubtree(place.Child(true), node.right)) return false;
    }
    subtree = std::move(page->node);
    return true;
  }

  // Adds the records below, by class. False if a node does not count its own.
  bool AddCounts(const Subtree& subtree, std::vector<std::uint32_t>& counts) const {
    if (subtree.small() != nullptr) {
      forest::AddClasses(*subtree.small(), counts);
      return true;
    }
    const Node& node = *subtree.node();
    std::vector<std::uint32_t> own(context_.classes, 0);
    for (const Slot slot : node.leaf_slots()) ++own[labels_.label(slot)];
    if (!node.leaf() && (!AddCounts(node.left, own) || !CountsOnTheLeft(node, own) || !AddCounts(node.right, own)))
      return false;
    for (std::size_t y = 0; y < own.size(); ++y) counts[y] += own[y];
    return std::equal(own.begin(), own.end(), node.class_counts.begin());
  }

  // The sides hold the node's records, each on its side.
  static std::vector<Slot> Sorted(std::vector<Slot> slots) {
    std::sort(slots.begin(), slots.end());
    return slots;
  }
  bool HoldsTheSame(const Node& node, const Hedge& hedge) const {
    std::vector<Slot> own, lefts, all;
    for (const Subtree* child : {&node.left, &node.right}) forest::CollectSlots(*child, own);
    forest::CollectSlots(hedge.left, lefts);
    const auto left = [&](Slot slot) { return hedge.split.Left(stored_.records.row(slot)[hedge.split.attribute]); };
    if (!std::all_of(lefts.begin(), lefts.end(), left)) return false;
    all = lefts;
    forest::CollectSlots(hedge.right, all);
    if (std::any_of(all.begin() + static_cast<std::ptrdiff_t>(lefts.size()), all.end(), left)) return false;
    return Sorted(own) == Sorted(all);
  }

  const forest::Context& context_;
  const StoredTrees& stored_;
  const SlotLabels& labels_;
  std::uint32_t tree_;
  Reader reader_;
};

Node* NodeAt(std::string_view key, std::uint32_t number, forest::Tree& tree) {
  Node* node = tree.root.node();
  for (std::uint32_t depth = 0; node != nullptr && !node->leaf(); ++depth) {
    if (key == HedgeKey(number, node->path, node->depth)) return node;
    // The key's path is behind the tree's number (keys.h), its first turn in the highest bit.
    const auto byte = static_cast<std::uint8_t>(key[sizeof number + depth / 8]);
    node = ((byte >> (7 - depth % 8) & 1U) != 0 ? node->right : node->left).node();
  }
  return nullptr;
}

}  // namespace

std::string HedgeKey(std::uint32_t tree, std::uint64_t path, std::uint32_t depth) {
  return PageKey(kHedges | tree, path, depth);
}
std::string HedgeKeyBehind(std::uint32_t tree, std::uint64_t path, std::uint32_t depth) {
  return PageKeyBehind(kHedges | tree, path, depth);
}

bool HasStorableHedge(const Node& node) {
  const forest::Hedge* hedge = node.hedge().get();
  return hedge != nullptr && !hedge->growing && hedge->lag.empty() && Whole(hedge->left) && Whole(hedge->right);
}

std::string EncodeHedge(const forest::Context& context, const Hedge& hedge) {
  Writer writer;
  writer.Varint(hedge.split.attribute);
  writer.U32(static_cast<std::uint32_t>(hedge.split.threshold));
  WriteSubtree(context, hedge.left, writer);
  WriteSubtree(context, hedge.right, writer);
  return writer.bytes();
}

bool AttachHedge(const forest::Context& context, const StoredTrees& stored, const SlotLabels& labels,
                 std::uint32_t number, std::string_view key, std::string_view body, forest::Tree& tree) {
  if (key.size() != HedgeKey(0, 0, 0).size()) return false;
  Node* const node = NodeAt(key, number, tree);
  if (node == nullptr || node->statistics.empty()) return false;
  std::shared_ptr<Hedge> hedge = HedgeReader(context, stored, labels, number, body).Read(*node);
  if (hedge == nullptr) return false;
  hedge->bytes = sizeof(Hedge) + forest::MemoryOf(hedge->left) + forest::MemoryOf(hedge->right);
  node->set_hedge(std::move(hedge));
  node->stored_hedge = true;
  return true;
}

}  // namespace hedgerow::storage
