#include "forest/statistics.h"

#include <algorithm>
#include <cstring>

#include "forest/anchors.h"
#include "forest/hash.h"
#include "forest/kernels.h"

namespace hedgerow::forest {
namespace {

// Rows of chosen attributes are put together in pieces that stay in the first-level cache.
constexpr std::uint32_t kPiece = 128;

// The lanes' orders, from the node's key: without `attributes`, lane a is attribute a. `words` has a whole number of
// eights.
void SetWords(const Context& context, std::uint64_t key, std::span<const std::uint16_t> attributes,
              std::span<std::uint32_t> words) {
  if (attributes.empty()) {
    BestKernels().order_words(Hash(key, kAttributeOrder), context.categorical.data(), words.size(), words.data());
    return;
  }
  std::size_t lane = 0;
  for (const std::uint16_t attribute : attributes) {
    words[lane++] = AttributeOrder(context.types[attribute], AttributeWord(key, attribute)).word;
  }
  std::fill(words.begin() + static_cast<std::ptrdiff_t>(lane), words.end(), 0U);
}

// Their kinds, as the context has them or, of chosen attributes, in `chosen`.
const std::uint32_t* KindsOf(const Context& context, std::span<const std::uint16_t> attributes, std::size_t stride,
                             std::vector<std::uint32_t>& chosen) {
  if (attributes.empty()) return context.categorical.data();
  chosen.assign(stride, 0);
  std::transform(attributes.begin(), attributes.end(), chosen.begin(),
                 [&](std::uint16_t attribute) { return context.categorical[attribute]; });
  return chosen.data();
}

// The first max_features attributes, in the order of their words, that are not constant.
void SelectAttributes(const Context& context, Workspace& workspace, const BlockRange& range, std::uint64_t key,
                      CountTable& table) {
  std::vector<std::uint32_t>& differs = workspace.differs;
  differs.assign(workspace.blocks.row_stride(), 0);
  BestKernels().differ(workspace.blocks.row(range, 0), range.size, workspace.blocks.row_stride(), differs.data());
  auto& order = workspace.order;
  order.clear();
  for (std::size_t a = 0; a < context.width(); ++a) {
    order.emplace_back(AttributeWord(key, a), static_cast<std::uint16_t>(a));
  }
  std::sort(order.begin(), order.end());
  table.attributes.clear();
  table.constants.clear();
  for (const auto& [word, attribute] : order) {
    if (table.attributes.size() == context.parameters.max_features) break;
    (differs[attribute] != 0 ? table.attributes : table.constants).push_back(attribute);
  }
  std::sort(table.attributes.begin(), table.attributes.end());
  std::sort(table.constants.begin(), table.constants.end());
}

// Copies the lanes' cells of n rows from `first` side by side.
const Cell* Gather(const CountTable& table, Workspace& workspace, const BlockRange& range, std::size_t first,
                   std::size_t n) {
  const std::size_t stride = table.stride();
  std::vector<Cell>& cells = workspace.gathered;
  cells.resize(std::max(cells.size(), n * stride));
  for (std::size_t i = 0; i < n; ++i) {
    const Cell* row = workspace.blocks.row(range, first + i);
    Cell* to = cells.data() + i * stride;
    for (std::size_t lane = 0; lane < table.lanes; ++lane) to[lane] = row[table.attributes[lane]];
    std::fill(to + table.lanes, to + stride, 0);
  }
  return cells.data();
}

void RankAnchors(Workspace& workspace, const BlockRange& range, CountTable& table) {
  for (std::size_t j = 0; j < table.anchors.size(); ++j) {
    const std::uint32_t anchor = workspace.anchors[j];
    const Cell* row =
        table.attributes.empty() ? workspace.blocks.row(range, anchor) : Gather(table, workspace, range, anchor, 1);
    BestKernels().rank(row, table.orders, table.anchor_ranks.data() + j * table.stride());
  }
}

// Counts `n` records of one class from `first`.
void CountRun(Workspace& workspace, const BlockRange& range, std::size_t first, std::size_t n,
              std::size_t class_of_table, CountTable& table) {
  CountTask task{.n = n,
                 .orders = table.orders,
                 .anchor_ranks = table.anchor_ranks.data(),
                 .anchors = table.anchors.size(),
                 .below = table.row(class_of_table),
                 .equal = table.row(table.equal_row(class_of_table))};
  if (table.attributes.empty()) {
    task.rows = workspace.blocks.row(range, first);
    task.row_stride = workspace.blocks.row_stride();
    BestKernels().count(task);
    return;
  }
  task.row_stride = table.stride();
  for (std::size_t done = 0; done < n; done += kPiece) {
    task.n = std::min<std::size_t>(kPiece, n - done);
    task.rows = Gather(table, workspace, range, first + done, task.n);
    BestKernels().count(task);
  }
}

// All that are neither below nor equal.
void CountAbove(std::uint32_t records, CountTable& table) {
  BestKernels().remain(table.row(0), 2 * table.classes, table.width(), records, table.row(table.above_row()));
}

}  // namespace

void CountStatistics(const Context& context, const Records& records, Workspace& workspace, const BlockRange& range,
                     std::uint64_t key, std::span<const std::uint32_t> class_runs, CountTable& table) {
  DrawAnchors(context, records, range, key, workspace);
  const Slot* slots = workspace.blocks.slots(range);
  table.anchors.clear();
  for (const std::uint32_t anchor : workspace.anchors) table.anchors.push_back(slots[anchor]);
  if (!context.all_features()) SelectAttributes(context, workspace, range, key, table);
  table.lanes = static_cast<std::uint32_t>(context.all_features() ? context.width() : table.attributes.size());
  table.classes = static_cast<std::uint32_t>(class_runs.size());
  table.Reset();
  SetWords(context, key, table.attributes, table.words);
  table.orders = {table.words.data(), KindsOf(context, table.attributes, table.stride(), table.categorical),
                  table.stride()};
  RankAnchors(workspace, range, table);
  std::size_t begin = 0;
  for (std::size_t y = 0; y < class_runs.size(); ++y) {
    if (class_runs[y] != 0) CountRun(workspace, range, begin, class_runs[y], y, table);
    begin += class_runs[y];
  }
  CountAbove(range.size, table);
}

std::uint32_t CountLeft(const Node& node, std::uint32_t candidate, std::size_t class_of_table) {
  const Statistics& statistics = node.statistics;
  const std::uint32_t below = statistics.Count(class_of_table, candidate);
  if (statistics.Above(candidate, node.records) == 0) return below;
  return below + statistics.Count(statistics.equal_row(class_of_table), candidate);
}

std::uint32_t CountLeft(const CountTable& table, std::uint32_t candidate, std::size_t class_of_table) {
  const std::uint32_t below = table.Count(class_of_table, candidate);
  if (table.Count(table.above_row(), candidate) == 0) return below;
  return below + table.Count(table.equal_row(class_of_table), candidate);
}

std::uint32_t CountLeft(const Node& node, std::uint32_t candidate) {
  const Statistics& statistics = node.statistics;
  const std::uint32_t above = statistics.Above(candidate, node.records);
  if (above != 0) return node.records - above;
  std::uint32_t below = 0;
  for (std::size_t y = 0; y < statistics.classes(); ++y) below += statistics.Count(y, candidate);
  return below;
}

Split EffectiveSplit(const Context& context, const CountTable& table, std::uint32_t candidate) {
  const std::size_t lane = candidate % table.stride();
  const std::uint32_t attribute = table.attribute(lane);
  const std::int32_t rank = table.anchor_ranks[candidate];
  return {{table.words[lane], context.types[attribute]},
          static_cast<std::uint16_t>(attribute),
          table.Count(table.above_row(), candidate) != 0 ? rank : rank - 1};
}

Split EffectiveSplit(const Context& context, const Records& records, const Node& node, std::uint32_t candidate) {
  const Statistics& statistics = node.statistics;
  const std::size_t lane = candidate % statistics.stride();
  const std::uint32_t attribute = statistics.attribute(lane);
  const Order order = AttributeOrder(context.types[attribute], AttributeWord(node.key, attribute));
  const std::int32_t rank =
      statistics.bare() ? order.Rank(records.row(statistics.anchors()[candidate / statistics.stride()])[attribute])
                        : statistics.anchor_ranks()[candidate];
  return {order, static_cast<std::uint16_t>(attribute),
          statistics.Above(candidate, node.records) != 0 ? rank : rank - 1};
}

bool IsConstant(const Statistics& statistics, std::size_t lane, std::uint32_t records) {
  for (std::size_t y = 0; y < statistics.classes(); ++y) {
    if (statistics.Count(y, lane) != 0) return false;
  }
  return statistics.Above(lane, records) == 0;
}

const Cell* LaneCells(const Context& context, const Records& records, const Statistics& statistics, Slot slot,
                      std::vector<Cell>& cells) {
  const Cell* row = records.row(slot);
  const std::size_t lanes = statistics.lanes();
  if (context.all_features() && lanes == statistics.stride()) return row;
  cells.resize(std::max(cells.size(), PaddedTo(lanes)));
  if (context.all_features()) {
    // Four at a time, which is quicker than a call that copies some; a row may be read that far.
    for (std::size_t lane = 0; lane < lanes; lane += 4) std::memcpy(cells.data() + lane, row + lane, 4 * sizeof(Cell));
  } else {
    for (std::size_t lane = 0; lane < lanes; ++lane) cells[lane] = row[statistics.attribute(lane)];
  }
  for (std::size_t lane = lanes; lane % 4 != 0; ++lane) cells[lane] = 0;
  return cells.data();
}

namespace {

// Into `ranks`, a row an anchor.
void RankAnchors(const Context& context, const Records& records, const Statistics& statistics, const LaneOrders& orders,
                 std::vector<Cell>& cells, std::int32_t* ranks) {
  for (const Slot anchor : statistics.anchors()) {
    BestKernels().rank(LaneCells(context, records, statistics, anchor, cells), orders, ranks);
    ranks += statistics.stride();
  }
}

}  // namespace

NodeRanks RanksOf(const Context& context, const Records& records, const Node& node, Workspace& workspace) {
  const Statistics& statistics = node.statistics;
  const std::size_t stride = statistics.stride();
  workspace.words.resize(PaddedTo(stride));
  SetWords(context, node.key, statistics.attributes(), {workspace.words.data(), (stride + 7) / 8 * 8});
  const LaneOrders orders{workspace.words.data(), KindsOf(context, statistics.attributes(), stride, workspace.kinds),
                          stride};
  if (!statistics.bare()) return {orders, statistics.anchor_ranks()};
  workspace.anchor_ranks.resize(std::max(workspace.anchor_ranks.size(), statistics.anchors().size() * stride));
  RankAnchors(context, records, statistics, orders, workspace.cells, workspace.anchor_ranks.data());
  return {orders, workspace.anchor_ranks.data()};
}

void CompleteCounts(std::uint32_t records, std::span<const std::uint32_t> class_counts, CountTable& table) {
  // Nothing can be told of lanes that do not exist: all records are equal there.
  for (std::size_t j = 0; j < table.anchors.size(); ++j) {
    for (std::size_t lane = table.lanes; lane < table.stride(); ++lane) {
      for (std::size_t y = 0; y < table.classes; ++y) {
        table.row(table.equal_row(y))[j * table.stride() + lane] = class_counts[y];
      }
    }
  }
  CountAbove(records, table);
}

void CompleteStatistics(const Context& context, const Records& records, Node& node) {
  Statistics& statistics = node.statistics;
  if (!statistics.bare()) {
    const std::size_t stride = statistics.stride();
    std::vector<std::uint32_t> words((stride + 7) / 8 * 8), kinds;
    std::vector<Cell> cells;
    SetWords(context, node.key, statistics.attributes(), words);
    const LaneOrders orders{words.data(), KindsOf(context, statistics.attributes(), stride, kinds), stride};
    RankAnchors(context, records, statistics, orders, cells, statistics.anchor_ranks());
  }
  if (!node.leaf()) node.split = EffectiveSplit(context, records, node, node.champion);
}

}  // namespace hedgerow::forest
