// Proves the small parts: hashes are pinned, records and their index behave like a map, parameters are checked,
// digests read back, splits are what the definition says, executors run everything once.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "forest/digest.h"
#include "forest/executor.h"
#include "forest/hash.h"
#include "forest/layout_tile.h"
#include "forest/node_statistics.h"
#include "forest/parameters.h"
#include "forest/records.h"
#include "forest/small_tree.h"
#include "forest/split.h"
#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::forest {
namespace {

// Computed with arbitrary-precision integers from the formulas of docs/model.md.
TEST(HashTest, IsPinned) {
  EXPECT_EQ(Mix64(1), 6238072747940578789ULL);
  EXPECT_EQ(Mix32(1), 2261973619U);
  EXPECT_EQ(Hash(1, 2, 3), 1072907043932612987ULL);
  EXPECT_EQ(RecordTag(1, 42), 1013184693U);
  static_assert(Hash(1, 2, 3) == Hash(Hash(1, 2), 3));
}

TEST(RecordsTest, BehaveLikeAMap) {
  std::mt19937_64 random(tests::Seed(31));
  Records records(3, 9);
  struct Row {
    ClassCode label;
    std::vector<Cell> cells;
  };
  std::map<RecordId, Row> model;
  for (int step = 0; step < 20'000; ++step) {
    const RecordId id = random() % 500;
    const auto slot = records.Find(id);
    ASSERT_EQ(slot.has_value(), model.contains(id));
    if (slot) {
      ASSERT_EQ(records.label(*slot), model[id].label);
      ASSERT_EQ(records.id(*slot), id);
      ASSERT_EQ(records.tag(*slot), RecordTag(9, id));
      ASSERT_TRUE(std::equal(model[id].cells.begin(), model[id].cells.end(), records.row(*slot)));
      records.Remove(*slot);
      ASSERT_FALSE(records.Alive(*slot));
      for (int a = 0; a < 3; ++a) ASSERT_EQ(records.row(*slot)[a], 0) << "a removed row is zeroed";
      model.erase(id);
    } else {
      const Row row{static_cast<ClassCode>(random() % 3), {static_cast<Cell>(random()), 2, static_cast<Cell>(step)}};
      records.Insert(id, row.label, row.cells);
      model[id] = row;
    }
    ASSERT_EQ(records.size(), model.size());
  }
  EXPECT_EQ(records.LiveSlots().size(), model.size());
  EXPECT_LE(records.slot_end(), 500U) << "slots are used again";
}

TEST(RecordsTest, InsertAtLeavesFreeSlotsThatAreUsedLater) {
  Records records(1, 1);
  const std::vector<Cell> cell{5};
  records.InsertAt(6, 60, 0, cell);
  records.InsertAt(2, 20, 0, cell);
  for (RecordId id = 0; id < 5; ++id) EXPECT_LT(records.Insert(id, 0, cell), 6U);
  EXPECT_EQ(records.Insert(5, 0, cell), 7U);
  EXPECT_EQ(records.size(), 8U);
}

TEST(RecordsTest, AreFilledByManyThreads) {
  constexpr Slot kSlots = 5'000;
  Records records(1, 1);
  records.Prepare(kSlots);
  // Every third slot stays free.
  MakeThreadExecutor(4)->ParallelFor(kSlots, [&](std::size_t slot) {
    if (slot % 3 != 0) records.Place(static_cast<Slot>(slot), 7 * slot, 1, std::vector<Cell>{static_cast<Cell>(slot)});
  });
  ASSERT_TRUE(records.Index());
  EXPECT_EQ(records.size(), records.LiveSlots().size());
  for (Slot slot = 0; slot < kSlots; ++slot) {
    ASSERT_EQ(records.Alive(slot), slot % 3 != 0);
    if (!records.Alive(slot)) continue;
    ASSERT_EQ(records.Find(7 * slot), slot);
    ASSERT_EQ(records.row(slot)[0], static_cast<Cell>(slot));
  }
  for (Slot k = 0; k < kSlots / 3; ++k) EXPECT_EQ(records.Insert(1 + 7 * k, 0, std::vector<Cell>{0}) % 3, 0U);

  Records twice(1, 1);
  twice.Prepare(2);
  for (const Slot slot : {0U, 1U}) twice.Place(slot, 5, 0, std::vector<Cell>{0});
  EXPECT_FALSE(twice.Index()) << "an id is there twice";
}

// Many ids fall to few places: what is removed leaves the others findable.
TEST(RecordsTest, IndexStandsCollisionsAndRemovals) {
  std::mt19937_64 random(tests::Seed(33));
  Records records(1, 1);
  std::map<RecordId, Slot> model;
  for (int step = 0; step < 30'000; ++step) {
    // Grows, shrinks, and grows again, between nothing and some thousands.
    const bool grows = step / 5'000 % 2 == 0;
    const RecordId id = random() % 4'000 * 0x1000;
    if (model.contains(id) && !grows) {
      records.Remove(model[id]);
      model.erase(id);
    } else if (!model.contains(id) && grows) {
      model[id] = records.Insert(id, 0, std::vector<Cell>{1});
    }
    const RecordId other = random() % 4'000 * 0x1000;
    const auto found = records.Find(other);
    ASSERT_EQ(found.has_value(), model.contains(other));
    if (!found) continue;
    ASSERT_EQ(*found, model[other]);
  }
}

// A table of random counts that add up, with so many records of each class.
CountTable RandomTable(std::mt19937_64& random, const std::vector<std::uint32_t>& class_counts, bool chosen,
                       std::uint32_t anchors) {
  CountTable table;
  for (std::uint32_t j = 0; j < anchors; ++j) table.anchors.push_back(100 + j);
  if (chosen) {
    table.attributes = {0, 2, 3, 5, 7, 8, 9, 11, 12, 13, 14};
    table.constants = {1, 4};
  }
  table.lanes = 11;
  table.classes = static_cast<std::uint32_t>(class_counts.size());
  table.Reset();
  const auto upto = [&](std::uint32_t n) {
    return random() % 4 == 0 ? n : static_cast<std::uint32_t>(random() % (std::uint64_t{n} + 1));
  };
  for (auto& word : table.words) word = upto(~0U);
  for (auto& rank : table.anchor_ranks) rank = static_cast<std::int32_t>(upto(~0U));
  for (std::size_t c = 0; c < table.width(); ++c) {
    for (std::size_t y = 0; y < class_counts.size(); ++y) {
      std::uint32_t left = class_counts[y];
      left -= table.row(y)[c] = upto(left);
      left -= table.row(table.equal_row(y))[c] = upto(left);
      table.row(table.above_row())[c] += left;
    }
  }
  return table;
}

void ExpectTheSame(const Statistics& kept, const CountTable& table, std::uint32_t records) {
  ASSERT_TRUE(std::ranges::equal(kept.anchors(), table.anchors));
  ASSERT_TRUE(std::ranges::equal(kept.attributes(), table.attributes));
  ASSERT_TRUE(std::ranges::equal(kept.constants(), table.constants));
  std::vector<std::uint32_t> copied(table.count_rows() * kept.width());
  kept.CopyCounts(records, copied.data());
  for (std::uint32_t c = 0; c < table.width(); ++c) {
    const std::size_t lane = c % table.stride();
    if (lane >= table.lanes) continue;
    const std::uint32_t candidate = kept.CandidateOf(table, c);
    ASSERT_EQ(kept.attribute(candidate % kept.stride()), table.attribute(lane));
    for (std::size_t row = 0; row < table.count_rows(); ++row) {
      ASSERT_EQ(copied[row * kept.width() + candidate], table.Count(row, c));
      if (row == table.above_row()) continue;
      ASSERT_EQ(kept.Count(row, candidate), table.Count(row, c));
    }
    ASSERT_EQ(kept.Above(candidate, records), table.Count(table.above_row(), c));
    if (kept.bare()) continue;
    ASSERT_EQ(kept.anchor_ranks()[candidate], table.anchor_ranks[c]);
  }
}

// What a node keeps of a table is what was counted, in as few bytes as its records allow, and stays so when more are
// needed.
TEST(StatisticsTest, WhatIsKeptIsWhatWasCounted) {
  std::mt19937_64 random(tests::Seed(35));
  for (const std::uint32_t records :
       {1U, 255U, 256U, 300U, 400U, kBareRecords, kBareRecords + 1, 65'535U, 65'536U, 4'000'000'000U}) {
    for (const bool chosen : {false, true}) {
      for (const std::size_t classes : {2U, 3U}) {
        std::vector<std::uint32_t> class_counts{records - records / 3, records / 3};
        if (classes == 3) class_counts = {records - records / 3, records / 5, records / 3 - records / 5};
        // One or two anchors stand beside the block, more in it.
        const auto anchors = static_cast<std::uint32_t>(1 + random() % 4);
        const CountTable table = RandomTable(random, class_counts, chosen, anchors);
        Statistics made(table, class_counts);
        Statistics kept = std::move(made);
        // With two classes no count is larger than the larger class.
        const std::uint32_t largest = classes == 2 ? class_counts[0] : records;
        ASSERT_EQ(kept.count_bytes(), largest <= 255 ? 1 : largest <= 65'535 ? 2 : 4);
        ASSERT_TRUE(kept.Fits(class_counts));
        ASSERT_EQ(kept.bare(), records <= kBareRecords);
        ExpectTheSame(kept, table, records);
        for (const std::uint32_t wanted : {256U, 70'000U}) {
          std::vector<std::uint32_t> more(classes, 0);
          more[0] = wanted;
          if (kept.Fits(more)) continue;
          kept.Widen(more);
          ASSERT_TRUE(kept.Fits(more));
          ExpectTheSame(kept, table, records);
        }
      }
    }
  }
}

// Its number in the layout, and its predecessor's, which share their bytes.
TEST(SmallTreeTest, KeepsItsNumber) {
  SmallTreeParts parts;
  parts.nodes.push_back({1, parts.leaves++, 0, 0});
  parts.counts = {1, 0};
  parts.slots = {5};
  const SmallTree::Pointer tree = SmallTree::Make(parts, 2);
  EXPECT_EQ(tree->layout_serial(), 0U);
  EXPECT_EQ(tree->layout_predecessor(), 0U);
  for (const std::uint64_t serial : {std::uint64_t{1}, std::uint64_t{1} << 32, (std::uint64_t{1} << 56) - 1}) {
    tree->set_layout_serial(serial);
    EXPECT_EQ(tree->layout_serial(), serial);
    EXPECT_EQ(tree->layout_predecessor(), 0U);
    tree->set_layout_predecessor(serial);
    EXPECT_EQ(tree->layout_serial(), 0U);
    EXPECT_EQ(tree->layout_predecessor(), serial);
    EXPECT_FALSE(tree->digest_known());
    EXPECT_EQ(*tree->slots().begin(), 5U);
  }
}

// A small tree gives back the slots that it was made from, in three bytes as long as they fit, and what stands behind
// them.
TEST(SmallTreeTest, SlotsOfAnySize) {
  std::mt19937_64 random(tests::Seed(36));
  for (const Slot largest : {0U, 1U, 0xffffffU, 0x1000000U, 0xffffffffU}) {
    for (std::uint32_t records = 0; records <= kSmallRecords; ++records) {
      SmallTreeParts parts;
      parts.nodes.push_back({static_cast<std::int32_t>(records), parts.leaves++, 0, 0});
      parts.counts = {static_cast<std::uint8_t>(records), 0};
      for (std::uint32_t i = 0; i < records; ++i) {
        parts.slots.push_back(i == records / 2 ? largest : static_cast<Slot>(random() % (std::uint64_t{largest} + 1)));
      }
      const SmallTree::Pointer tree = SmallTree::Make(parts, 2);
      ASSERT_EQ(tree->slots().bytes(), records * (largest > 0xffffffU ? 4 : 3));
      ASSERT_TRUE(std::equal(tree->slots().begin(), tree->slots().end(), parts.slots.begin(), parts.slots.end()));
      std::vector<Slot> appended{7};
      tree->slots().subspan(records / 3, records - records / 3).AppendTo(appended);
      ASSERT_TRUE(
          std::equal(appended.begin() + 1, appended.end(), parts.slots.begin() + records / 3, parts.slots.end()));
      ASSERT_TRUE(std::ranges::equal(tree->counts(), parts.counts));
    }
  }
}

// The parts hold at least what must be there, and every node and record is counted.
TEST(MemoryTest, PartsMakeTheWhole) {
  std::mt19937_64 random(tests::Seed(34));
  const tests::Data data = tests::RandomData(random, {.records = 3'000, .features = 6, .classes = 3});
  Parameters parameters;
  parameters.trees = 8;
  parameters.occupancy = 4;
  const auto executor = MakeSerialExecutor();
  const auto model = unlearn::Model::Train(parameters, data.schema, data.table, *executor);
  ASSERT_TRUE(model.ok());
  const MemoryParts parts = model->Memory();
  std::map<std::string, std::uint64_t> sums;
  for (const auto& [name, part] : parts) sums[name.substr(0, name.find(':'))] += part.bytes;
  EXPECT_GE(sums["records"], 3'000U * (6 + 2) * sizeof(Cell) + 3'000U * (sizeof(RecordId) + sizeof(Slot) + 1));
  EXPECT_EQ(sums["forest"], model->forest().MemoryBytes());
  EXPECT_GE(sums["layout"], sizeof(Tile) * parameters.trees);
  EXPECT_EQ(parts.at("records: rows").count, 3'000U);
  EXPECT_EQ(parts.at("forest: records of small trees").count + parts.at("forest: records of large leaves").count,
            3'000U * 4);
  std::uint64_t nodes = 0;
  for (const Tree& tree : model->forest().trees()) ForEachNode(tree.root, [&](const Node&) { ++nodes; });
  EXPECT_EQ(parts.at("forest: large nodes").count, nodes);
  EXPECT_GT(parts.at("allocator").bytes, 0U);
}

TEST(ParametersTest, RangesAreChecked) {
  EXPECT_TRUE(Validate({}).ok());
  const auto refused = [](auto change) {
    Parameters parameters;
    change(parameters);
    const Status status = Validate(parameters);
    return !status.ok() && status.error().code == ErrorCode::kUsage && !status.error().place.empty();
  };
  EXPECT_TRUE(refused([](Parameters& p) { p.trees = 0; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.trees = kMaxTrees + 1; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.occupancy = 101; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.max_depth = kMaxDepth + 1; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.min_split = 1; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.min_leaf = 0; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.max_features = 5000; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.thresholds = 0; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.thresholds = kMaxThresholds + 1; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.smoothing = -0.1; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.smoothing = std::numeric_limits<double>::quiet_NaN(); }));
}

TEST(ParametersTest, AutoOccupancyIsBetweenATenthAndAll) {
  EXPECT_EQ(Resolve({}, 0, 2).occupancy, 100U);
  EXPECT_EQ(Resolve({}, 100, 2).occupancy, 100U);
  EXPECT_EQ(Resolve({}, 100'000'000, 2).occupancy, 10U);
  EXPECT_GE(Resolve({}, 30'000, 5).occupancy, Resolve({}, 30'000, 2).occupancy);
  Parameters chosen;
  chosen.occupancy = 7;
  EXPECT_EQ(Resolve(chosen, 30'000, 2).occupancy, 7U);
  Parameters few;
  few.trees = 3;
  EXPECT_GE(Resolve(few, 100'000'000, 2).occupancy, 1U);
}

TEST(ParametersTest, AutoMinSplitGrowsWithTheRecordsOfAClass) {
  EXPECT_EQ(Resolve({}, 0, 2).min_split, 2U);
  EXPECT_EQ(Resolve({}, 30'000, 2).min_split, 10U);
  EXPECT_EQ(Resolve({}, 30'000, 26).min_split, 2U);
  EXPECT_EQ(Resolve({}, 100'000'000, 2).min_split, 40U);
  Parameters chosen;
  chosen.min_split = 7;
  EXPECT_EQ(Resolve(chosen, 30'000, 2).min_split, 7U);
}

TEST(DigestTest, ReadsBack) {
  DigestBuilder builder;
  builder.Text("hedgerow");
  const Digest digest = builder.Finish();
  EXPECT_EQ(DigestFromHex(digest.ToHex()), digest);
  EXPECT_FALSE(DigestFromHex("").has_value());
  EXPECT_FALSE(DigestFromHex(digest.ToHex() + "00").has_value());
  EXPECT_FALSE(DigestFromHex(digest.ToHex().substr(1)).has_value());
  EXPECT_FALSE(DigestFromHex(std::string(64, 'x')).has_value());
  EXPECT_NE(builder.Finish(), digest) << "the builder starts over";
}

TEST(SplitTest, MissingNumbersRankAtEitherEnd) {
  const Cell low = datasets::NumericCell(-3.4e38F);
  const Cell high = datasets::NumericCell(3.4e38F);
  const Order first{0, FeatureType::kNumeric};
  const Order last{1, FeatureType::kNumeric};
  EXPECT_LT(first.Rank(datasets::kMissing), first.Rank(low));
  EXPECT_GT(last.Rank(datasets::kMissing), last.Rank(high));
  for (const Order& order : {first, last}) EXPECT_LT(order.Rank(low), order.Rank(high));
}

TEST(SplitTest, CategoricalRanksAreInjective) {
  const Order order{0xdeadbeef, FeatureType::kCategorical};
  std::set<std::int32_t> ranks;
  for (Cell cell = -2000; cell < 2000; ++cell) ranks.insert(order.Rank(cell));
  ranks.insert(order.Rank(datasets::kMissing));
  EXPECT_EQ(ranks.size(), 4001U);
}

TEST(ExecutorTest, RunsEverythingOnce) {
  std::vector<std::unique_ptr<Executor>> executors;
  executors.push_back(MakeSerialExecutor());
  executors.push_back(MakeThreadExecutor(3));
  executors.push_back(MakeThreadExecutor(0));
#ifndef HEDGEROW_SANITIZED
  executors.push_back(MakeTbbExecutor(2));
#endif
  for (const auto& executor : executors) {
    EXPECT_GE(executor->threads(), 1U);
    for (const std::size_t n : {0U, 1U, 2U, 1000U}) {
      std::vector<std::atomic<int>> runs(n);
      executor->ParallelFor(n, [&](std::size_t i) { ++runs[i]; });
      for (const auto& count : runs) EXPECT_EQ(count, 1);
    }
  }
}

}  // namespace
}  // namespace hedgerow::forest
