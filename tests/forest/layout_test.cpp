// Proves that the prediction layout answers with the bytes of Forest::Predict in every form of the walk, and that an
// arena keeps what readers know.
#include "forest/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>

#include "forest/arena.h"
#include "forest/walk.h"
#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::forest {
namespace {

std::vector<std::pair<const char*, Walk>> AllWalks() {
  std::vector<std::pair<const char*, Walk>> walks{{"portable", PortableWalk()}};
  if (Avx2Walk() != nullptr) walks.emplace_back("AVX2", Avx2Walk());
  if (Avx512Walk() != nullptr) walks.emplace_back("AVX-512", Avx512Walk());
  return walks;
}

// A tile of random nodes, some of them missing, whose exits are leaves named by their number.
Tile RandomTile(std::mt19937_64& random, std::size_t width, Link first_leaf) {
  Tile tile{};
  tile.Clear();
  for (std::uint32_t lane = 0; lane < kTileLanes; ++lane) {
    const bool orphan = lane != 0 && tile.thresholds[(lane - 1) / 2] == std::numeric_limits<std::int32_t>::max();
    if (orphan || random() % 5 == 0) continue;
    const auto type = random() % 2 == 0 ? FeatureType::kCategorical : FeatureType::kNumeric;
    const auto word = static_cast<std::uint32_t>(type == FeatureType::kNumeric ? random() % 2 : random());
    const auto threshold = static_cast<std::int32_t>(random() % 2 == 0 ? random() : random() % 5);
    tile.SetLane(lane, {{word, type}, static_cast<std::uint16_t>(random() % width), threshold});
  }
  for (std::uint32_t exit = 0; exit < kTileExits; ++exit) tile.links[exit] = kLeafBit | (first_leaf + exit);
  return tile;
}

// The exit that the splits say, a lane after the other.
Link Expected(const Tile& tile, const Cell* row) {
  std::uint32_t place = 0;
  while (place < kTileLanes) {
    const bool categorical = (tile.categorical >> place & 1U) != 0;
    const Split split{{tile.words[place], categorical ? FeatureType::kCategorical : FeatureType::kNumeric},
                      tile.attributes[place],
                      tile.thresholds[place]};
    place = 2 * place + (split.Left(row[split.attribute]) ? 1 : 2);
  }
  return tile.links[place - kTileLanes];
}

TEST(Walk, AllFormsFindTheLeavesThatTheSplitsSay) {
  std::mt19937_64 random(tests::Seed(31));
  // Widths on both sides of what fits one, two and four registers; numbers of trees that leave a rest.
  for (const std::size_t width : {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 300}) {
    for (const std::size_t trees : {1, 2, 7, 8, 9, 23, 127, 128, 129, 300}) {
      std::vector<Tile> tiles(2 * trees);
      std::vector<TreeTop> tops(trees);
      for (std::size_t t = 0; t < trees; ++t) {
        tiles[2 * t] = RandomTile(random, width, 0);
        tiles[2 * t + 1] = RandomTile(random, width, kTileExits);
        for (Link& link : tiles[2 * t].links) link = random() % 3 == 0 ? link : 1;
        tops[t] = {&tiles[2 * t], nullptr, nullptr, t % 6 == 5 ? kLeafBit | 77U : 0U};
      }
      std::vector<Cell> row(width);
      for (int repeat = 0; repeat < 20; ++repeat) {
        for (Cell& cell : row) {
          cell =
              random() % 5 == 0 ? datasets::kMissing : static_cast<Cell>(random() % 2 == 0 ? random() : random() % 5);
        }
        std::vector<Link> expected;
        for (const TreeTop& top : tops) {
          Link at = top.top;
          while (!IsLeafLink(at)) at = Expected(top.tiles[at], row.data());
          expected.push_back(at);
        }
        for (const auto& [name, walk] : AllWalks()) {
          std::vector<Link> found(trees);
          walk({tops.data(), trees, row.data(), width, found.data()});
          ASSERT_EQ(found, expected) << name << ", " << width << " cells, " << trees << " trees";
        }
      }
    }
  }
}

std::vector<std::pair<const char*, RowsWalk>> AllRowsWalks() {
  std::vector<std::pair<const char*, RowsWalk>> walks{{"portable", PortableRowsWalk()}};
  if (Avx2RowsWalk() != nullptr) walks.emplace_back("AVX2", Avx2RowsWalk());
  if (Avx512RowsWalk() != nullptr) walks.emplace_back("AVX-512", Avx512RowsWalk());
  return walks;
}

TEST(RowsWalk, AllFormsFindTheLeavesThatTheSplitsSay) {
  std::mt19937_64 random(tests::Seed(37));
  constexpr std::size_t kTiles = 40;
  for (const std::size_t width : {1, 2, 15, 16, 17, 32, 33, 48, 64, 65, 300}) {
    RowBlock block(width);
    // A block is used again: what stood there before must not matter.
    for (const std::size_t count : {RowBlock::kRows, std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{15},
                                    std::size_t{16}, std::size_t{17}, std::size_t{101}, RowBlock::kRows - 1}) {
      std::vector<Tile> tiles(kTiles);
      for (std::size_t t = 0; t < kTiles; ++t) {
        tiles[t] = RandomTile(random, width, static_cast<Link>(t * kTileExits));
        // Exits lead on to later tiles, so every way ends.
        for (Link& link : tiles[t].links) {
          if (t + 1 < kTiles && random() % 4 != 0) link = static_cast<Link>(t + 1 + random() % (kTiles - t - 1));
        }
      }
      std::vector<Cell> rows(width * count);
      for (Cell& cell : rows) {
        cell = random() % 5 == 0 ? datasets::kMissing : static_cast<Cell>(random() % 2 == 0 ? random() : random() % 5);
      }
      block.Load(rows.data(), count);
      for (const Link top : {Link{0}, kLeafBit | 77U}) {
        std::vector<Link> expected(RowBlock::kRows, kNoLink);
        for (std::size_t i = 0; i < count; ++i) {
          Link at = top;
          while (!IsLeafLink(at)) at = Expected(tiles[at], rows.data() + i * width);
          expected[i] = at;
        }
        for (const auto& [name, walk] : AllRowsWalks()) {
          std::vector<Link> found(RowBlock::kRows, kNoLink);
          walk({{tiles.data(), nullptr, nullptr, top}, &block, found.data()});
          std::fill(found.begin() + static_cast<std::ptrdiff_t>(count), found.end(), kNoLink);
          ASSERT_EQ(found, expected) << name << ", " << width << " cells, " << count << " rows";
        }
      }
    }
  }
}

// The class alone is that of the probabilities, ties and rounding included: few trees of few leaves, whose votes are
// often equal; pure leaves, which vote with 0 and 1; all sizes of batches.
TEST(View, ClassesAreThoseOfTheProbabilities) {
  std::mt19937_64 random(tests::Seed(38));
  const auto executor = MakeSerialExecutor();
  std::size_t ties = 0;
  for (int round = 0; round < 250; ++round) {
    const std::size_t classes = std::array<std::size_t, 5>{2, 2, 3, 5, 26}[random() % 5];
    const tests::Data data = tests::RandomData(random, {30 + random() % 300, 1 + random() % 40, classes});
    Parameters parameters;
    parameters.trees = std::array<std::uint32_t, 10>{1, 2, 3, 4, 9, 16, 21, 40, 100, 151}[random() % 10];
    parameters.occupancy = 1 + static_cast<std::uint32_t>(random() % parameters.trees);
    parameters.max_depth = static_cast<std::uint32_t>(random() % 2 == 0 ? random() % 3 : 20);
    parameters.min_split = 2 + static_cast<std::uint32_t>(random() % 20);
    parameters.smoothing = std::array<double, 3>{0, 1, 0.3}[random() % 3];
    parameters.seed = random();
    auto model = unlearn::Model::Train(parameters, data.schema, data.table, *executor);
    ASSERT_TRUE(model.ok()) << model.error().ToString();
    const std::size_t count = std::min<std::size_t>(data.table.size(), random() % 2 == 0 ? 300 : 1 + random() % 40);
    std::vector<double> probabilities(count * classes);
    model->forest().PredictBatch(data.table.cells.data(), count, probabilities.data(), *executor);
    std::vector<ClassCode> batch(count);
    model->PredictClasses(data.table.cells.data(), count, batch.data(), *executor);
    for (std::size_t i = 0; i < count; ++i) {
      const std::span<const double> of_row(probabilities.data() + i * classes, classes);
      const ClassCode expected = MostProbable(of_row);
      ties += std::count(of_row.begin(), of_row.end(), of_row[expected]) > 1 ? 1 : 0;
      ClassCode one = 255;
      model->PredictClass(data.table.row(i).data(), one);
      ASSERT_EQ(one, expected) << "round " << round << ", row " << i << ", " << parameters.trees << " trees";
      ASSERT_EQ(batch[i], expected) << "round " << round << ", row " << i << " of " << count;
    }
  }
  EXPECT_GT(ties, 100U) << "ties must be among what is tested";
}

TEST(RowBlock, KeepsWhatItIsTold) {
  std::mt19937_64 random(tests::Seed(39));
  for (const std::size_t width : {1, 16, 20, 70}) {
    std::vector<Cell> rows(width * RowBlock::kRows);
    for (Cell& cell : rows) cell = static_cast<Cell>(random());
    RowBlock block(width);
    block.Load(rows.data(), RowBlock::kRows);
    std::vector<std::uint16_t> left(RowBlock::kRows);
    std::iota(left.begin(), left.end(), std::uint16_t{0});
    while (!left.empty()) {
      std::vector<std::uint16_t> kept, next;
      for (std::uint16_t i = 0; i < left.size(); ++i) {
        if (random() % 3 == 0) continue;
        kept.push_back(i);
        next.push_back(left[i]);
      }
      block.Keep(kept);
      left = next;
      ASSERT_EQ(block.count(), left.size());
      for (std::size_t i = 0; i < left.size(); ++i) {
        for (std::size_t a = 0; a < width; ++a) {
          ASSERT_EQ(block.row(i)[a], rows[left[i] * width + a]);
          ASSERT_EQ(block.column(a)[i], rows[left[i] * width + a]);
        }
      }
    }
  }
}

TEST(Arena, KeepsUnitsWhereTheyAreAndGivesBackWhatWasFreed) {
  std::vector<Arena::Memory> replaced;
  Arena arena(24);
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    const std::uint32_t unit = arena.Take(replaced);
    ASSERT_EQ(unit, i);
    std::memset(arena.unit(unit), static_cast<int>(unit % 251), 24);
  }
  // Memory that was replaced still holds what it held.
  ASSERT_FALSE(replaced.empty());
  EXPECT_EQ(static_cast<int>(replaced.back().get()[24 * 5]), 5);
  for (std::uint32_t i = 0; i < 1'000; ++i) ASSERT_EQ(static_cast<std::uint32_t>(arena.unit(i)[23]), i % 251);
  const std::size_t bytes = arena.MemoryBytes();
  arena.Trim();
  EXPECT_LE(arena.MemoryBytes(), bytes);
  arena.Free(17);
  arena.Free(400);
  EXPECT_EQ(arena.Take(replaced), 400U);
  EXPECT_EQ(arena.Take(replaced), 17U);
  EXPECT_EQ(arena.Take(replaced), 1'000U);
}

TEST(LeafTable, HasTheValuesOfTheDefinition) {
  for (const std::size_t classes : {2, 3, 7}) {
    for (const double smoothing : {0.0, 1.0, 2.5}) {
      Context context;
      context.classes = classes;
      context.parameters.smoothing = smoothing;
      const LeafTable table(context);
      for (const std::uint32_t n : {0U, 1U, 5U, 127U, kSmallRecords}) {
        for (std::uint32_t c = 0; c <= n; ++c) {
          const double c_classes = static_cast<double>(classes);
          const double expected = n + smoothing == 0 ? 1 / c_classes : (c + smoothing / c_classes) / (n + smoothing);
          const double found = classes == 2 ? table.pair(LeafTable::RowOf(n) + c)[1] : table.row(n)[c];
          ASSERT_EQ(found, expected);
          if (classes != 2) continue;
          ASSERT_EQ(table.pair(LeafTable::RowOf(n) + c)[0], LeafProbability(context, n - c, n));
        }
      }
    }
  }
}

}  // namespace
}  // namespace hedgerow::forest
