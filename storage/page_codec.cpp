// Pages: encoding and decoding of large nodes and small trees (codec.h).
#include <algorithm>
#include <memory>

#include "forest/split.h"
#include "storage/bytes.h"
#include "storage/codec.h"

namespace hedgerow::storage {

using forest::Context;
using forest::Node;
using forest::Slot;
using forest::SmallNode;
using forest::SmallTree;
using forest::SmallTreeParts;
using forest::Statistics;

namespace {

// On disk: never renumber.
enum class PageKind : std::uint8_t { kSmallRoot = 1, kInner = 2, kLeaf = 3 };
enum class ChildKind : std::uint8_t { kLarge = 1, kSmall = 2 };

void WriteSmall(const SmallTree& tree, Writer& writer) {
  writer.Varint(tree.nodes().size());
  for (const SmallNode& node : tree.nodes()) {
    writer.Varint(node.right);
    if (node.leaf()) {
      writer.Varint(static_cast<std::uint32_t>(node.threshold));
    } else {
      writer.U16(node.attribute);
      writer.U32(node.word);
      writer.U32(static_cast<std::uint32_t>(node.threshold));
    }
  }
  for (const Slot slot : tree.slots()) writer.Varint(slot);
}

void WriteStatistics(const Statistics& statistics, std::size_t classes, Writer& writer) {
  writer.Varint(statistics.attributes.size());
  for (const forest::CandidateAttribute& candidate : statistics.attributes) writer.Varint(candidate.attribute);
  writer.Varint(statistics.constants.size());
  for (const std::uint16_t attribute : statistics.constants) writer.Varint(attribute);
  writer.Varint(statistics.anchors.size());
  for (const Slot slot : statistics.anchors) writer.Varint(slot);
  for (std::size_t row = 0; row < 2 * classes; ++row) {
    for (std::size_t c = 0; c < statistics.size(); ++c) writer.Varint(statistics.row(row)[c]);
  }
}

void WriteChild(const forest::Subtree& child, Writer& writer) {
  writer.U8(static_cast<std::uint8_t>(child.small != nullptr ? ChildKind::kSmall : ChildKind::kLarge));
  if (child.small != nullptr) WriteSmall(*child.small, writer);
}

class PageReader {
 public:
  PageReader(const Context& context, const forest::Records& records, std::string_view bytes)
      : context_(context), records_(records), reader_(bytes) {}

  std::optional<Page> Read() {
    const auto kind = static_cast<PageKind>(reader_.U8());
    Page page;
    if (kind == PageKind::kSmallRoot) {
      page.small = ReadSmall();
    } else if (kind == PageKind::kInner || kind == PageKind::kLeaf) {
      page.node = ReadNode(kind == PageKind::kLeaf);
    } else {
      return std::nullopt;
    }
    if (!reader_.done() || (page.small == nullptr && page.node == nullptr)) return std::nullopt;
    return page;
  }

 private:
  Slot ReadSlot() {
    const std::uint64_t slot = reader_.Varint();
    if (slot > 0xffffffffULL || !records_.Alive(static_cast<Slot>(slot))) reader_.Fail();
    return static_cast<Slot>(slot);
  }

  SmallTree::Pointer ReadSmall() {
    const auto nodes = static_cast<std::size_t>(reader_.Count(2 * forest::kSmallRecords));
    parts_.Clear();
    std::size_t records = 0;
    for (std::size_t i = 0; i < nodes; ++i) {
      SmallNode node;
      node.right = static_cast<std::uint16_t>(reader_.Count(nodes));
      if (node.leaf()) {
        node.word = parts_.leaves++;
        node.threshold = static_cast<std::int32_t>(reader_.Count(forest::kSmallRecords));
        records += static_cast<std::size_t>(node.threshold);
      } else {
        node.attribute = reader_.U16();
        node.word = reader_.U32();
        node.threshold = static_cast<std::int32_t>(reader_.U32());
        CheckSplit(node.split());
      }
      parts_.nodes.push_back(node);
    }
    if (reader_.failed() || nodes == 0 || records > forest::kSmallRecords || EndOf(0, 0) != nodes) {
      reader_.Fail();
      return nullptr;
    }
    ReadLeaves(records);
    return reader_.failed() ? nullptr : SmallTree::Make(parts_, context_.classes);
  }

  // One past the last node of the subtree at `at`, or 0 if the nodes do not form a tree.
  std::size_t EndOf(std::size_t at, std::uint32_t depth) const {
    if (at >= parts_.nodes.size() || depth > forest::kMaxDepth) return 0;
    const SmallNode& node = parts_.nodes[at];
    if (node.leaf()) return at + 1;
    const std::size_t left = EndOf(at + 1, depth + 1);
    return left == at + node.right ? EndOf(left, depth + 1) : 0;
  }

  // The slots, and the class counts that follow from them.
  void ReadLeaves(std::size_t records) {
    parts_.counts.assign(parts_.leaves * context_.classes, 0);
    for (std::size_t i = 0; i < records && !reader_.failed(); ++i) parts_.slots.push_back(ReadSlot());
    if (reader_.failed()) return;
    std::size_t next = 0;
    for (const SmallNode& node : parts_.nodes) {
      if (!node.leaf()) continue;
      for (std::int32_t k = 0; k < node.threshold; ++k) {
        ++parts_.counts[node.word * context_.classes + records_.label(parts_.slots[next++])];
      }
    }
  }

  void CheckSplit(const forest::Split& split) {
    if (split.attribute >= context_.width() || context_.types[split.attribute] != split.order.type) reader_.Fail();
  }

  std::unique_ptr<Node> ReadNode(bool leaf) {
    auto node = std::make_unique<Node>();
    node->records = static_cast<std::uint32_t>(reader_.Count(records_.size()));
    std::uint64_t sum = 0;
    for (std::size_t y = 0; y < context_.classes; ++y) {
      node->class_counts.push_back(static_cast<std::uint32_t>(reader_.Count(node->records)));
      sum += node->class_counts.back();
    }
    if (sum != node->records || node->records <= forest::kSmallRecords) reader_.Fail();
    if (reader_.U8() != 0) ReadStatistics(*node);
    if (reader_.failed()) return nullptr;
    if (leaf) {
      for (std::uint32_t i = 0; i < node->records && !reader_.failed(); ++i) node->leaf_slots.push_back(ReadSlot());
      return node;
    }
    node->champion = static_cast<std::uint32_t>(reader_.Varint());
    if (node->champion >= node->statistics.size()) {
      reader_.Fail();
      return nullptr;
    }
    ReadChild(node->left, node->stored_children[0]);
    ReadChild(node->right, node->stored_children[1]);
    return node;
  }

  void ReadChild(forest::Subtree& child, bool& stored) {
    const auto kind = static_cast<ChildKind>(reader_.U8());
    stored = kind == ChildKind::kLarge;
    if (kind == ChildKind::kSmall) {
      child.small = ReadSmall();
    } else if (kind != ChildKind::kLarge) {
      reader_.Fail();
    }
  }

  std::uint16_t ReadAttribute() {
    const std::uint64_t attribute = reader_.Varint();
    if (attribute >= context_.width()) reader_.Fail();
    return static_cast<std::uint16_t>(attribute);
  }

  void ReadStatistics(Node& node) {
    Statistics& statistics = node.statistics;
    statistics.attributes.resize(static_cast<std::size_t>(reader_.Count(context_.width())));
    for (forest::CandidateAttribute& candidate : statistics.attributes) candidate.attribute = ReadAttribute();
    statistics.constants.resize(static_cast<std::size_t>(reader_.Count(context_.width())));
    for (std::uint16_t& attribute : statistics.constants) attribute = ReadAttribute();
    if (!std::is_sorted(statistics.constants.begin(), statistics.constants.end())) reader_.Fail();
    statistics.anchors.resize(static_cast<std::size_t>(reader_.Count(context_.parameters.thresholds)));
    for (Slot& slot : statistics.anchors) slot = ReadSlot();
    const std::size_t rows = 2 * context_.classes;
    // Each count takes a byte at least, so damage cannot ask for more memory than the page has bytes.
    if (reader_.failed() || statistics.anchors.size() != context_.parameters.thresholds ||
        statistics.size() * rows > reader_.left()) {
      reader_.Fail();
      statistics = {};
      return;
    }
    statistics.counts.assign((rows + 1) * statistics.stride(), 0);
    std::vector<std::uint64_t> sums(statistics.size(), 0);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t c = 0; c < statistics.size(); ++c) {
        const std::uint64_t count = reader_.Count(node.class_counts[row % context_.classes]);
        statistics.row(row)[c] = static_cast<std::uint32_t>(count);
        sums[c] += count;
      }
    }
    if (std::any_of(sums.begin(), sums.end(), [&](std::uint64_t sum) { return sum > node.records; })) reader_.Fail();
  }

  const Context& context_;
  const forest::Records& records_;
  Reader reader_;
  SmallTreeParts parts_;
};

}  // namespace

std::string EncodePage(const Context& context, const Node& node) {
  Writer writer;
  writer.U8(static_cast<std::uint8_t>(node.leaf() ? PageKind::kLeaf : PageKind::kInner));
  writer.Varint(node.records);
  for (const std::uint32_t count : node.class_counts) writer.Varint(count);
  writer.U8(node.statistics.empty() ? 0 : 1);
  if (!node.statistics.empty()) WriteStatistics(node.statistics, context.classes, writer);
  if (node.leaf()) {
    for (const Slot slot : node.leaf_slots) writer.Varint(slot);
    return writer.bytes();
  }
  writer.Varint(node.champion);
  WriteChild(node.left, writer);
  WriteChild(node.right, writer);
  return writer.bytes();
}

std::string EncodeSmallRoot(const Context&, const SmallTree& root) {
  Writer writer;
  writer.U8(static_cast<std::uint8_t>(PageKind::kSmallRoot));
  WriteSmall(root, writer);
  return writer.bytes();
}

std::optional<Page> DecodePage(const Context& context, const forest::Records& records, std::string_view bytes) {
  return PageReader(context, records, bytes).Read();
}

}  // namespace hedgerow::storage
