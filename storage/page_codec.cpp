// Pages: encoding and decoding of large nodes and small trees (codec.h).
#include <algorithm>
#include <functional>
#include <memory>

#include "forest/quarantine.h"
#include "forest/split.h"
#include "forest/statistics.h"
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
enum class PageKind : std::uint8_t { kSmallRoot = 1, kInner = 2, kLeaf = 3, kQuarantinedRoot = 4 };
enum class ChildKind : std::uint8_t { kLarge = 1, kSmall = 2, kQuarantined = 3 };

void WriteSmall(const SmallTree& tree, Writer& writer) {
  writer.Varint(tree.nodes().size());
  for (const SmallNode& node : tree.nodes()) {
    writer.Varint(node.right);
    if (node.leaf()) {
      writer.Varint(static_cast<std::uint32_t>(node.threshold));
    } else {
      writer.U16(static_cast<std::uint16_t>(node.attribute & ~SmallNode::kKeptBit));
      writer.U32(node.word);
      writer.U32(static_cast<std::uint32_t>(node.threshold));
    }
  }
  for (const Slot slot : tree.slots()) writer.Varint(slot);
}

// The candidates in the order of the format: anchor by anchor, lane by lane.
template <class F>
void ForEachCandidate(std::size_t anchors, std::size_t lanes, std::size_t stride, const F& f) {
  for (std::size_t j = 0; j < anchors; ++j) {
    for (std::size_t lane = 0; lane < lanes; ++lane) f(j * stride + lane);
  }
}

void WriteStatistics(const Context& context, const Statistics& statistics, Writer& writer) {
  if (!context.all_features()) {
    for (const auto attributes : {statistics.attributes(), statistics.constants()}) {
      writer.Varint(attributes.size());
      for (const std::uint16_t attribute : attributes) writer.Varint(attribute);
    }
  }
  const std::span<const Slot> anchors = statistics.anchors();
  for (const Slot slot : anchors) writer.Varint(slot);
  for (std::size_t row = 0; row < 2 * context.classes; ++row) {
    ForEachCandidate(anchors.size(), statistics.lanes(), statistics.stride(),
                     [&](std::size_t c) { writer.Varint(statistics.Count(row, c)); });
  }
}

// The records that a quarantined place will be grown from.
void WriteQuarantine(const forest::Subtree& subtree, Writer& writer) {
  std::vector<Slot> slots;
  forest::CollectSlots(subtree, slots);
  writer.Varint(slots.size());
  for (const Slot slot : slots) writer.Varint(slot);
}

void WriteChild(const forest::Subtree& child, Writer& writer) {
  const ChildKind kind = child.small() != nullptr        ? ChildKind::kSmall
                         : child.quarantine() != nullptr ? ChildKind::kQuarantined
                                                         : ChildKind::kLarge;
  writer.U8(static_cast<std::uint8_t>(kind));
  if (kind == ChildKind::kSmall) WriteSmall(*child.small(), writer);
  if (kind == ChildKind::kQuarantined) WriteQuarantine(child, writer);
}

class PageReader {
 public:
  PageReader(const Context& context, const SlotLabels& labels, std::string_view bytes)
      : context_(context), labels_(labels), reader_(bytes) {}

  std::optional<Page> Read() {
    const auto kind = static_cast<PageKind>(reader_.U8());
    Page page;
    if (kind == PageKind::kSmallRoot) {
      page.small = ReadSmall();
    } else if (kind == PageKind::kInner || kind == PageKind::kLeaf) {
      page.node = ReadNode(kind == PageKind::kLeaf);
    } else if (kind == PageKind::kQuarantinedRoot) {
      page.quarantined = true;
      page.quarantined_slots = ReadSlots();
    } else {
      return std::nullopt;
    }
    if (page.quarantined && reader_.done()) return page;
    if (!reader_.done() || (page.small == nullptr && page.node == nullptr)) return std::nullopt;
    return page;
  }

 private:
  Slot ReadSlot() {
    const std::uint64_t slot = reader_.Varint();
    if (!labels_.Alive(slot)) reader_.Fail();
    return static_cast<Slot>(slot);
  }

  std::vector<Slot> ReadSlots() {
    // Each takes a byte at least.
    std::vector<Slot> slots(static_cast<std::size_t>(reader_.Count(reader_.left())));
    for (Slot& slot : slots) slot = ReadSlot();
    return slots;
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
        if (node.kept()) reader_.Fail();
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
        ++parts_.counts[node.word * context_.classes + labels_.label(parts_.slots[next++])];
      }
    }
  }

  void CheckSplit(const forest::Split& split) {
    if (split.attribute >= context_.width() || context_.types[split.attribute] != split.order.type) reader_.Fail();
  }

  std::unique_ptr<Node> ReadNode(bool leaf) {
    auto node = std::make_unique<Node>();
    // Not by the live ones: a stored tree may hold records that have left since.
    node->records = static_cast<std::uint32_t>(reader_.Count(labels_.slot_end()));
    std::uint64_t sum = 0;
    std::vector<std::uint32_t> class_counts(context_.classes);
    for (std::uint32_t& count : class_counts) {
      count = static_cast<std::uint32_t>(reader_.Count(node->records));
      sum += count;
    }
    node->class_counts = forest::ClassCounts(class_counts);
    if (sum != node->records || node->records <= forest::kSmallRecords) reader_.Fail();
    if (reader_.U8() != 0) ReadStatistics(*node);
    if (reader_.failed()) return nullptr;
    if (leaf) {
      std::vector<Slot>& slots = node->MutableLeafSlots();
      for (std::uint32_t i = 0; i < node->records && !reader_.failed(); ++i) slots.push_back(ReadSlot());
      return node;
    }
    const std::uint64_t anchor = reader_.Varint();
    const std::uint64_t lane = reader_.Varint();
    if (node->statistics.empty() || anchor >= node->statistics.anchors().size() || lane >= node->statistics.lanes()) {
      reader_.Fail();
      return nullptr;
    }
    node->champion = static_cast<std::uint32_t>(anchor * node->statistics.stride() + lane);
    node->stored_left = ReadChild(node->left);
    node->stored_right = ReadChild(node->right);
    return node;
  }

  // Whether it has a page of its own.
  bool ReadChild(forest::Subtree& child) {
    const auto kind = static_cast<ChildKind>(reader_.U8());
    if (kind == ChildKind::kSmall) {
      child = ReadSmall();
    } else if (kind == ChildKind::kQuarantined) {
      child = std::make_shared<forest::Quarantine>();
      for (const Slot slot : ReadSlots()) child.quarantine()->changes.push_back({slot, true});
    } else if (kind != ChildKind::kLarge) {
      reader_.Fail();
    }
    return kind == ChildKind::kLarge;
  }

  std::vector<std::uint16_t> ReadAttributes() {
    std::vector<std::uint16_t> attributes(static_cast<std::size_t>(reader_.Count(context_.width())));
    for (std::uint16_t& attribute : attributes) {
      const std::uint64_t number = reader_.Varint();
      if (number >= context_.width()) reader_.Fail();
      attribute = static_cast<std::uint16_t>(number);
    }
    // Ascending, and none twice.
    if (std::adjacent_find(attributes.begin(), attributes.end(), std::greater_equal<>()) != attributes.end())
      reader_.Fail();
    return attributes;
  }

  void ReadStatistics(Node& node) {
    forest::CountTable& table = table_;
    if (!context_.all_features()) {
      table.attributes = ReadAttributes();
      table.constants = ReadAttributes();
    }
    table.lanes = static_cast<std::uint32_t>(context_.all_features() ? context_.width() : table.attributes.size());
    table.classes = static_cast<std::uint32_t>(context_.classes);
    table.anchors.clear();
    for (std::uint32_t j = 0; j < context_.parameters.thresholds; ++j) table.anchors.push_back(ReadSlot());
    // Each count takes a byte at least, so damage cannot ask for more memory than the page has bytes.
    if (reader_.failed() || table.lanes * table.anchors.size() * 2 * context_.classes > reader_.left()) {
      reader_.Fail();
      return;
    }
    table.Reset();
    // Of each class there are as many below and on the anchor as the node has, or fewer.
    for (std::size_t row = 0; row < 2 * context_.classes; ++row) {
      const std::size_t y = row % context_.classes;
      ForEachCandidate(table.anchors.size(), table.lanes, table.stride(), [&](std::size_t c) {
        const std::uint32_t below = row < context_.classes ? 0 : table.row(y)[c];
        table.row(row)[c] = static_cast<std::uint32_t>(reader_.Count(node.class_counts[y] - below));
      });
    }
    forest::CompleteCounts(node.records, node.class_counts, table);
    node.statistics = Statistics(table, node.class_counts);
  }

  const Context& context_;
  const SlotLabels& labels_;
  Reader reader_;
  SmallTreeParts parts_;
  forest::CountTable table_;
};

}  // namespace

std::string EncodePage(const Context& context, const Node& node) {
  Writer writer;
  writer.U8(static_cast<std::uint8_t>(node.leaf() ? PageKind::kLeaf : PageKind::kInner));
  writer.Varint(node.records);
  for (const std::uint32_t count : node.class_counts) writer.Varint(count);
  writer.U8(node.statistics.empty() ? 0 : 1);
  if (!node.statistics.empty()) WriteStatistics(context, node.statistics, writer);
  if (node.leaf()) {
    for (const Slot slot : node.leaf_slots()) writer.Varint(slot);
    return writer.bytes();
  }
  writer.Varint(node.champion / node.statistics.stride());
  writer.Varint(node.champion % node.statistics.stride());
  WriteChild(node.left, writer);
  WriteChild(node.right, writer);
  return writer.bytes();
}

std::string EncodeSmallRoot(const SmallTree& root) {
  Writer writer;
  writer.U8(static_cast<std::uint8_t>(PageKind::kSmallRoot));
  WriteSmall(root, writer);
  return writer.bytes();
}

std::string EncodeQuarantinedRoot(const forest::Subtree& root) {
  Writer writer;
  writer.U8(static_cast<std::uint8_t>(PageKind::kQuarantinedRoot));
  WriteQuarantine(root, writer);
  return writer.bytes();
}

std::optional<Page> DecodePage(const Context& context, const SlotLabels& labels, std::string_view bytes) {
  return PageReader(context, labels, bytes).Read();
}

}  // namespace hedgerow::storage
