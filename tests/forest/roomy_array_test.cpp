// Proves that growing keeps what is there, and where it is, and that nothing of it is left behind.
#include "forest/roomy_array.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "forest/records.h"
#include "tests/support/data.h"

namespace hedgerow::forest {
namespace {

TEST(RoomyArrayTest, IsAVectorOfItsSize) {
  std::mt19937_64 random(tests::Seed(17));
  RoomyArray<std::uint64_t> array;
  std::vector<std::uint64_t> vector;
  for (int step = 0; step < 2000; ++step) {
    const std::size_t size = random() % (step % 100 == 0 ? 300'000 : 1000);
    array.resize(size);
    vector.resize(size);
    for (int i = 0; i < 5 && size != 0; ++i) {
      const std::size_t at = random() % size;
      array[at] = vector[at] = random();
    }
    ASSERT_EQ(array.size(), vector.size());
    ASSERT_TRUE(std::equal(vector.begin(), vector.end(), array.data())) << "step " << step << ", size " << size;
    if (step % 50 == 0) {
      const RoomyArray<std::uint64_t> copy = array;
      RoomyArray<std::uint64_t> moved = std::move(array);
      array = copy;
      ASSERT_TRUE(std::equal(vector.begin(), vector.end(), array.data()));
      ASSERT_TRUE(std::equal(vector.begin(), vector.end(), moved.data()));
    }
  }
}

TEST(RoomyArrayTest, GrowsInPlaceToManyTimesItsSize) {
  RoomyArray<std::uint32_t> array;
  array.resize(1'000'000);
  const std::uint32_t* const begin = array.data();
  for (std::size_t size = array.size(); size <= 16'000'000; size += 100'000) {
    array.reserve(size);
    ASSERT_EQ(array.data(), begin) << size;
  }
  EXPECT_EQ(array.bytes(), 4'000'000U) << "what was not written is no memory";
}

// Rows that stay where they are are what makes learning one more record cheap.
TEST(RoomyArrayTest, LearningOneMoreRecordMovesNoRows) {
  Records records(2, 1);
  records.Reserve(50'000);
  const std::vector<Cell> cells{1, 2};
  for (RecordId id = 0; id < 50'000; ++id) records.Insert(id, 0, cells);
  const Cell* const first = records.row(0);
  for (RecordId id = 50'000; id < 200'000; ++id) records.Insert(id, 0, cells);
  EXPECT_EQ(records.row(0), first);
  EXPECT_EQ(records.size(), 200'000U);
}

}  // namespace
}  // namespace hedgerow::forest
