#include "forest/fingerprint.h"

#include <algorithm>
#include <vector>

#include "datasets/result.h"

namespace hedgerow::forest {
namespace {

// What a digest is of: the first byte that is hashed.
constexpr std::uint8_t kLeaf = 0;
constexpr std::uint8_t kInner = 1;
constexpr std::uint8_t kHeader = 2;
constexpr std::uint8_t kRoot = 3;

class Hasher {
 public:
  Hasher(const Records& records, std::size_t classes) : records_(records), classes_(classes) {}

  template <class Count, class Slots>
  Digest Leaf(std::span<const Count> counts, const Slots& slots) {
    builder_.Byte(kLeaf);
    for (const Count count : counts) builder_.U32(count);
    ids_.clear();
    for (const Slot slot : slots) ids_.push_back(records_.id(slot));
    std::sort(ids_.begin(), ids_.end());
    for (const RecordId id : ids_) builder_.U64(id);
    return builder_.Finish();
  }

  Digest Inner(const Split& split, const Digest& left, const Digest& right) {
    builder_.Byte(kInner);
    builder_.U32(split.attribute);
    builder_.Byte(static_cast<std::uint8_t>(split.order.type));
    builder_.U32(split.order.word);
    builder_.U32(static_cast<std::uint32_t>(split.threshold));
    builder_.Add(left);
    builder_.Add(right);
    return builder_.Finish();
  }

  const Digest& Small(SmallTree& tree) {
    if (!tree.digest_known()) {
      std::size_t slots_used = 0;
      tree.set_digest(SmallNodes(tree, 0, slots_used));
    }
    return tree.digest();
  }

  const Digest& Of(Subtree& subtree) {
    if (subtree.small() != nullptr) return Small(*subtree.small());
    HEDGEROW_CHECK(subtree.node() != nullptr, "the fingerprint of a tree that is not wholly grown");
    Node& node = *subtree.node();
    if (!node.digest_known) {
      node.digest = node.leaf() ? Leaf(std::span<const std::uint32_t>(node.class_counts), node.leaf_slots())
                                : Inner(node.split, Of(node.left), Of(node.right));
      node.digest_known = true;
    }
    return node.digest;
  }

  // As far as `budget` goes, which is in records of leaves. Tells whether the subtree's digest is known now.
  bool Some(Subtree& subtree, std::size_t& budget) {
    if (subtree.quarantine() != nullptr) return false;
    if (subtree.small() != nullptr) {
      return subtree.small()->digest_known() || Spend(subtree, subtree.small()->slots().size(), budget);
    }
    Node& node = *subtree.node();
    if (node.digest_known) return true;
    if (node.leaf()) return Spend(subtree, node.records, budget);
    const bool left = Some(node.left, budget), right = Some(node.right, budget);
    return left && right && Spend(subtree, 1, budget);
  }

 private:
  bool Spend(Subtree& subtree, std::size_t cost, std::size_t& budget) {
    if (budget == 0) return false;
    Of(subtree);
    budget -= std::min(budget, cost);
    return true;
  }

  Digest SmallNodes(const SmallTree& tree, std::size_t at, std::size_t& slots_used) {
    const SmallNode& node = tree.nodes()[at];
    if (node.leaf()) {
      const auto records = static_cast<std::size_t>(node.threshold);
      const auto slots = tree.slots().subspan(slots_used, records);
      slots_used += records;
      return Leaf(tree.counts().subspan(node.word * classes_, classes_), slots);
    }
    const Digest left = SmallNodes(tree, at + 1, slots_used);
    const Digest right = SmallNodes(tree, at + node.right, slots_used);
    return Inner(node.split(), left, right);
  }

  const Records& records_;
  std::size_t classes_;
  DigestBuilder builder_;
  std::vector<RecordId> ids_;
};

}  // namespace

Digest DigestOf(Subtree& subtree, const Records& records, std::size_t classes) {
  return Hasher(records, classes).Of(subtree);
}

std::size_t TakeSomeDigests(Subtree& subtree, const Records& records, std::size_t classes, std::size_t limit) {
  Hasher(records, classes).Some(subtree, limit);
  return limit;
}

Digest HeaderDigest(const Parameters& parameters, const datasets::Schema& schema) {
  DigestBuilder builder;
  builder.Byte(kHeader);
  builder.U64(parameters.seed);
  for (const std::uint32_t value : {parameters.trees, parameters.occupancy, parameters.max_depth, parameters.min_split,
                                    parameters.min_leaf, parameters.max_features, parameters.thresholds}) {
    builder.U32(value);
  }
  builder.F64(parameters.smoothing);
  builder.U32(static_cast<std::uint32_t>(schema.features.size()));
  for (const datasets::Feature& feature : schema.features) {
    builder.Byte(static_cast<std::uint8_t>(feature.type));
    builder.Text(feature.name);
  }
  builder.U32(static_cast<std::uint32_t>(schema.classes.size()));
  for (const std::string& name : schema.classes) builder.Text(name);
  return builder.Finish();
}

Digest RootDigest(const Digest& header, std::span<const Digest> trees) {
  DigestBuilder builder;
  builder.Byte(kRoot);
  builder.Add(header);
  for (const Digest& tree : trees) builder.Add(tree);
  return builder.Finish();
}

}  // namespace hedgerow::forest
