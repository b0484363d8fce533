// Proves that tiles have the paths, the widths and the contents of C2SP's tlog-tiles, for its own examples and against
// the definition of a tile's hashes; and that growing a tree bit by bit gives the tiles of growing it at once.
#include "storage/evidence/tiles.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/data.h"

namespace hedgerow::storage {
namespace {

TEST(TilesTest, Paths) {
  EXPECT_EQ(TilePath({0, 0}, 256), "tile/0/000");
  EXPECT_EQ(TilePath({0, 0}, 1), "tile/0/000.p/1");
  EXPECT_EQ(TilePath({3, 999}, 255), "tile/3/999.p/255");
  EXPECT_EQ(TilePath({0, 1'234'067}, 256), "tile/0/x001/x234/067");
  EXPECT_EQ(TilePath({1, 1000}, 7), "tile/1/x001/000.p/7");
  EXPECT_EQ(BundlePath(1'234'067, 8), "tile/entries/x001/x234/067.p/8");
  EXPECT_EQ(BundlePath(273, 112), "tile/entries/273.p/112");
}

// The specification's examples: trees of 70,000 and of 256 entries.
TEST(TilesTest, WidthsOfTheSpecification) {
  std::map<unsigned, std::pair<int, std::uint64_t>> found;  // a level's full tiles, and the width of its partial one
  for (const Tile& tile : TilesOf(70'000, 0)) {
    const std::uint64_t width = WidthOf(tile, 70'000);
    width == 256 ? ++found[tile.level].first : found[tile.level].second = width;
  }
  const std::map<unsigned, std::pair<int, std::uint64_t>> expected = {{0, {273, 112}}, {1, {1, 17}}, {2, {0, 1}}};
  EXPECT_EQ(found, expected);
  const std::vector<Tile> small = TilesOf(256, 0);
  ASSERT_EQ(small.size(), 2U);
  EXPECT_EQ(WidthOf(small[0], 256), 256U);
  EXPECT_EQ(WidthOf(small[1], 256), 1U);
  EXPECT_TRUE(TilesOf(0, 0).empty());
}

TEST(TilesTest, WhatIsNewInALargerTree) {
  EXPECT_TRUE(TilesOf(70'000, 70'000).empty());
  EXPECT_EQ(TilesOf(11, 10), (std::vector<Tile>{{0, 0}}));
  EXPECT_EQ(TilesOf(256, 255), (std::vector<Tile>{{0, 0}, {1, 0}}));
  EXPECT_EQ(TilesOf(257, 256), (std::vector<Tile>{{0, 1}}));
  EXPECT_EQ(TilesOf(513, 255), (std::vector<Tile>{{0, 0}, {0, 1}, {0, 2}, {1, 0}}));
}

TEST(TilesTest, GrowingInStepsGivesTheSameTiles) {
  std::mt19937_64 random(tests::Seed(103));
  std::map<Tile, std::string> kept;
  std::vector<Hash> leaves;
  const ReadTile read = [&](const Tile& tile) -> Result<std::string> { return kept.at(tile); };
  while (leaves.size() < 70'000) {
    TileGrower grower(leaves.size(), read);
    const std::size_t before = leaves.size();
    for (std::uint64_t more = 1 + random() % (random() % 10 == 0 ? 5'000 : 40); more > 0; --more) {
      leaves.push_back(LeafHash(std::to_string(leaves.size())));
      ASSERT_TRUE(grower.Append(leaves.back()).ok());
    }
    std::vector<Tile> changed;
    for (const auto& [tile, content] : grower.changed()) {
      changed.push_back(tile);
      ASSERT_EQ(content.size(), WidthOf(tile, leaves.size()) * sizeof(Hash));
      kept[tile] = content;
    }
    ASSERT_EQ(changed, TilesOf(leaves.size(), before));
  }
  // The definition: hash i of tile n at level l is MTH(D[(256 n + i) 256^l : (256 n + i + 1) 256^l]).
  const SubtreeHash subtrees = SubtreesOf(leaves);
  for (const auto& [tile, content] : kept) {
    for (std::size_t i = 0; i < content.size() / sizeof(Hash); i += 1 + i / 3) {
      const Hash hash = *subtrees(8 * tile.level, tile.index * 256 + i);
      ASSERT_EQ(std::string_view(content).substr(i * sizeof(Hash), sizeof(Hash)), BytesOf(hash));
    }
  }
}

TEST(TilesTest, Bundles) {
  std::string bundle;
  AppendToBundle("one", bundle);
  AppendToBundle("", bundle);
  AppendToBundle(std::string(65'535, 'x'), bundle);
  EXPECT_EQ(bundle.substr(0, 7), std::string("\0\3one\0\0", 7));
  const auto entries = EntriesOf(bundle);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0], "one");
  EXPECT_EQ((*entries)[2].size(), 65'535U);
  for (const std::size_t size : {1U, 2U, 4U, 6U, 100U}) EXPECT_FALSE(EntriesOf(bundle.substr(0, size))) << size;
  EXPECT_TRUE(EntriesOf("")->empty());
}

TEST(TilesTest, ShortTilesAreFound) {
  const SubtreeHash tiles = SubtreesOf([](const Tile&) -> Result<std::string> { return std::string(64, 'x'); });
  EXPECT_TRUE(tiles(1, 0).ok());
  EXPECT_FALSE(tiles(0, 2).ok());
  EXPECT_FALSE(tiles(2, 0).ok());
  TileGrower grower(3, [](const Tile&) -> Result<std::string> { return std::string(64, 'x'); });
  EXPECT_FALSE(grower.Append(LeafHash("")).ok());
}

}  // namespace
}  // namespace hedgerow::storage
