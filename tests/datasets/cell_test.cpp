// Proves that cells keep the order of numbers and the identity of categories: pairs of random float bit patterns and of
// all the edges, the inverse on every exponent, and published vectors of SipHash-2-4.
#include "datasets/cell.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/datasets/scratch.h"

namespace hedgerow::datasets {
namespace {

using Limits = std::numeric_limits<float>;

void ExpectOrder(float a, float b) {
  ASSERT_EQ(a < b, NumericCell(a) < NumericCell(b)) << a << " " << b;
  ASSERT_EQ(a == b, NumericCell(a) == NumericCell(b)) << a << " " << b;
}

TEST(NumericCell, KeepsTheOrderOfTheEdges) {
  const float edges[] = {-Limits::max(),
                         -1e30F,
                         -2.0F,
                         std::nextafter(-1.0F, -2.0F),
                         -1.0F,
                         -Limits::min(),
                         -Limits::denorm_min(),
                         -0.0F,
                         0.0F,
                         Limits::denorm_min(),
                         Limits::min(),
                         1.0F,
                         std::nextafter(1.0F, 2.0F),
                         2.0F,
                         1e30F,
                         Limits::max()};
  for (const float a : edges) {
    for (const float b : edges) ExpectOrder(a, b);
    EXPECT_GT(NumericCell(a), kMissing) << "missing is below every number";
    EXPECT_EQ(NumericValue(NumericCell(a)), a);
  }
  EXPECT_EQ(NumericCell(-0.0F), 0);
  EXPECT_EQ(NumericCell(0.0F), 0);
  EXPECT_FALSE(std::signbit(NumericValue(NumericCell(-0.0F))));
}

TEST(NumericCell, KeepsTheOrderOfRandomBits) {
  std::mt19937_64 random(TestSeed());
  const auto any = [&] {
    while (true) {
      const float value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
      if (std::isfinite(value)) return value;
    }
  };
  for (int k = 0; k < 200'000; ++k) {
    const float a = any();
    ExpectOrder(a, any());
    ExpectOrder(a, std::nextafter(a, random() % 2 == 0 ? 0.0F : Limits::max()));
    ASSERT_EQ(NumericValue(NumericCell(a)), a);
  }
}

TEST(NumericCell, MissingIsNotANumber) {
  EXPECT_TRUE(std::isnan(NumericValue(kMissing)));
  EXPECT_EQ(kMissing, std::numeric_limits<std::int32_t>::min());
}

// The first vectors of SipHash-2-4 with 64 bits as its authors publish them: key 00 01 ... 0f, message 00 01 ...
// A category's cell is the lower half. The first message byte is zero, which no CSV field can hold; it does not matter.
TEST(CategoryCell, IsTheLowerHalfOfSipHash) {
  CategoryKey key;
  for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] = static_cast<unsigned char>(i);
  std::string message;
  for (const std::uint64_t hash : {0x74f839c593dc67fdULL, 0x0d6c8009d9a94f5aULL, 0x85676696d7fb7e2dULL,
                                   0xcf2794e0277187b7ULL, 0x18765564cd99a68dULL, 0xcbc9466e58fee3ceULL}) {
    message += static_cast<char>(message.size());
    EXPECT_EQ(CategoryCell(key, message), static_cast<Cell>(static_cast<std::uint32_t>(hash))) << message.size();
  }
}

TEST(CategoryCell, DependsOnKeyAndTextAlone) {
  const CategoryKey one = CategoryKeyFromSeed(1);
  EXPECT_EQ(CategoryCell(one, "red"), CategoryCell(CategoryKeyFromSeed(1), "red"));
  EXPECT_NE(CategoryCell(one, "red"), CategoryCell(CategoryKeyFromSeed(2), "red"));
  EXPECT_NE(CategoryCell(one, "red"), CategoryCell(one, "Red"));
  EXPECT_NE(CategoryCell(one, "red"), CategoryCell(one, "red "));
  EXPECT_NE(CategoryCell(one, "a"), CategoryCell(one, std::string_view("a\0", 2)));
  EXPECT_EQ(CategoryCell(one, ""), kMissing);
}

TEST(CategoryCell, HardlyEverCollides) {
  const CategoryKey key = CategoryKeyFromSeed(7);
  std::set<Cell> cells;
  for (int i = 0; i < 10'000; ++i) cells.insert(CategoryCell(key, fmt::format("category {}", i)));
  EXPECT_GE(cells.size(), 9'998U) << "0.01 collisions are expected";
  EXPECT_FALSE(cells.contains(kMissing));
  // Both signs, since the order of a category is that of its hash.
  EXPECT_NEAR(static_cast<double>(std::count_if(cells.begin(), cells.end(), [](Cell c) { return c < 0; })), 5'000, 500);
}

TEST(CategoryKey, DiffersFromSeedToSeed) {
  std::set<std::array<unsigned char, 16>> keys;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) keys.insert(CategoryKeyFromSeed(seed).bytes);
  for (int bit = 10; bit < 64; ++bit) keys.insert(CategoryKeyFromSeed(1ULL << bit).bytes);
  EXPECT_EQ(keys.size(), 1054U);
}

}  // namespace
}  // namespace hedgerow::datasets
