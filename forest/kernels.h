// The inner loops, in vector registers where the machine has AVX2 or AVX-512.
//
// A lane is one attribute of a node. A record's cells stand side by side, so one instruction looks at sixteen
// attributes of it, and nothing has to be turned into columns. All forms give the same result; which one runs is
// chosen once, at start-up.
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "datasets/cell.h"
#include "forest/split.h"

namespace hedgerow::forest {

// Rows of cells and arrays of tags are padded to whole registers of this many words.
inline constexpr std::size_t kLanes = 16;
constexpr std::size_t PaddedTo(std::size_t n) {
  return (n + kLanes - 1) / kLanes * kLanes;
}

// The orders of `stride` lanes, a multiple of 8, or of 4 for `rank` (split.h, Order): `categorical` is all ones or 0.
struct LaneOrders {
  const std::uint32_t* words = nullptr;
  const std::uint32_t* categorical = nullptr;
  std::size_t stride = 0;
};

// Records of one class, to be counted against a node's anchors.
struct CountTask {
  const Cell* rows = nullptr;  // n rows, each `row_stride` words wide and readable as far as `orders.stride`
  std::size_t row_stride = 0;
  std::size_t n = 0;
  LaneOrders orders;
  const std::int32_t* anchor_ranks = nullptr;  // per anchor and lane
  std::size_t anchors = 0;
  std::uint32_t* below = nullptr;  // per anchor and lane: added to
  std::uint32_t* equal = nullptr;
};

// The rows of a node's table that a record of some class counts in.
struct TallyTask {
  const std::int32_t* ranks = nullptr;  // the record's, per lane
  std::size_t stride = 0;               // a multiple of 4
  const std::int32_t* anchor_ranks = nullptr;
  std::size_t anchors = 0;
  std::uint32_t step = 1;                           // 1 or -1
  std::size_t count_bytes = sizeof(std::uint32_t);  // of each count: 1, 2 or 4
  void* below = nullptr;
  void* equal = nullptr;
  void* above = nullptr;
  // Where `above` is not kept, with two classes: the counts of the other one, and all records before the step.
  const void* other_below = nullptr;
  const void* other_equal = nullptr;
  std::uint32_t records = 0;
};

// Rows to be parted: those whose rank is at most the threshold go to the front of `to`, the others behind them, each in
// the order that they had, with their tags and slots.
struct PartTask {
  const Cell* rows = nullptr;
  Cell* to_rows = nullptr;
  const std::uint32_t* tags = nullptr;
  std::uint32_t* to_tags = nullptr;
  const std::uint32_t* slots = nullptr;
  std::uint32_t* to_slots = nullptr;
  std::size_t row_stride = 0;  // a multiple of kLanes
  std::size_t n = 0;
  std::size_t lefts = 0;  // how many will go left
  Split split;
};

// Records to be copied from a table: row to[i] of `rows` becomes the row of slots[i], with zeros behind its cells.
struct GatherTask {
  const Cell* table = nullptr;  // rows of `table_stride` words; kLanes words behind the last may be read
  std::size_t table_stride = 0;
  std::size_t width = 0;  // cells a row
  const std::uint32_t* slots = nullptr;
  const std::uint32_t* to = nullptr;
  std::size_t n = 0;
  Cell* rows = nullptr;
  std::size_t row_stride = 0;  // a multiple of kLanes
};

// The record that is drawn: where the smallest word first stands, and how many times it stands there.
struct Drawn {
  std::size_t first = 0;
  std::size_t times = 0;
};

// A node's table (node.h, Statistics): `width` candidates, a multiple of 8.
struct ScoreTask {
  const std::uint32_t* counts = nullptr;  // 2 * classes + 1 rows
  std::size_t width = 0;
  const std::uint32_t* class_counts = nullptr;
  std::size_t classes = 0;
  std::uint32_t records = 0;
  std::uint32_t min_leaf = 1;
  double* scores = nullptr;        // -1 where a side is empty
  std::uint32_t* lefts = nullptr;  // records on the left
};

struct Kernels {
  // mixed[i] = Mix32(tags[i] ^ word); may write up to the padding.
  void (*mix)(const std::uint32_t* tags, std::size_t n, std::uint32_t word, std::uint32_t* mixed);
  // The smallest of words[i] ^ flip, n > 0.
  Drawn (*draw)(const std::uint32_t* words, std::size_t n, std::uint32_t flip);
  // words[a] = the order word of attribute a, as its lane has it, for a < stride. `node` is Hash(key, kAttributeOrder).
  void (*order_words)(std::uint64_t node, const std::uint32_t* categorical, std::size_t stride, std::uint32_t* words);
  // The ranks of one record, whose cells are readable as far as `orders.stride`.
  void (*rank)(const Cell* cells, LaneOrders orders, std::int32_t* ranks);
  void (*count)(const CountTask& task);
  // Counts one record in, or out. True if the number of records above an anchor became or ceased to be 0; where it is
  // not kept, also if it did so but for a multiple of what a count of `count_bytes` holds.
  bool (*tally)(const TallyTask& task);
  // above = records less all of a table's `rows` rows of counts.
  void (*remain)(const std::uint32_t* counts, std::size_t rows, std::size_t width, std::uint32_t records,
                 std::uint32_t* above);
  // The largest score of a candidate with min_leaf records on both sides; -1 if there is none. Squares and sums of
  // counts are exact in double up to 9 * 10^7 records a node.
  double (*score)(const ScoreTask& task);
  // The largest of `width` values, a multiple of 8.
  double (*largest)(const double* values, std::size_t width);
  // The first place from `from` on, a multiple of 8, where 8 values begin of which one is this; `width` if none is.
  std::size_t (*seek)(const double* values, std::size_t from, std::size_t width, double value);
  void (*gather)(const GatherTask& task);
  // words[t] = Hash(Hash(base, t), id) for t < n.
  void (*hash_trees)(std::uint64_t base, std::uint64_t id, std::size_t n, std::uint64_t* words);
  // Returns how many went left; nothing is written outside of n rows even if `lefts` is wrong and at most n.
  std::size_t (*part)(const PartTask& task);
  // Numbers of 3 bytes, side by side: n of them from and to words. Behind the bytes of the last another may be read,
  // and is written.
  void (*unpack)(const std::uint8_t* bytes, std::size_t n, std::uint32_t* words);
  void (*pack)(const std::uint32_t* words, std::size_t n, std::uint8_t* bytes);
  // differs[l] |= rows[i][l] ^ rows[0][l] for all i; `stride` is a multiple of kLanes and the rows' width.
  void (*differ)(const Cell* rows, std::size_t n, std::size_t stride, std::uint32_t* differs);
};

const Kernels& PortableKernels();
// Nothing where the machine does not have them.
const Kernels* Avx2Kernels();
const Kernels* Avx512Kernels();
// The fastest that this machine can run.
const Kernels& BestKernels();

}  // namespace hedgerow::forest
