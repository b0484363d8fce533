// Proves that the index by id behaves like a set at its fullest and around its end, and is as small as it says.
#include "forest/id_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <vector>

#include "forest/hash.h"
#include "tests/support/data.h"

namespace hedgerow::forest {
namespace {

constexpr std::uint32_t kPlaces = 16;  // of an empty index that room was made for
constexpr std::uint32_t kFull = 10;    // entries that make it grow if one more comes

// Ids whose home in an index of kPlaces is this one.
std::vector<datasets::RecordId> IdsAt(std::uint64_t home, std::size_t count) {
  std::vector<datasets::RecordId> ids;
  for (datasets::RecordId id = 0; ids.size() < count; ++id) {
    if (Mix64(id) >> 60 == home) ids.push_back(id);
  }
  return ids;
}

void ExpectExactly(const IdIndex& index, const std::vector<datasets::RecordId>& ids,
                   const std::set<std::uint32_t>& in) {
  ASSERT_EQ(index.size(), in.size());
  for (std::uint32_t slot = 0; slot < ids.size(); ++slot) {
    const auto found = index.Find(ids[slot], ids.data());
    ASSERT_EQ(found.has_value(), in.contains(slot));
    ASSERT_TRUE(!found || *found == slot);
  }
}

// All ways in which six ids fall to the last two places and the first, and all sets of them to remove, in two orders:
// what was removed is gone, and the others are found and can be put there no second time.
TEST(IdIndexTest, RemovesAroundItsEnd) {
  constexpr std::uint32_t kIds = 6;
  constexpr std::array<std::uint64_t, 3> kHomes{14, 15, 0};
  std::array<std::vector<datasets::RecordId>, 3> at;
  for (std::size_t h = 0; h < kHomes.size(); ++h) at[h] = IdsAt(kHomes[h], kIds);
  for (std::uint32_t way = 0; way < 729; ++way) {
    std::vector<datasets::RecordId> ids;
    for (std::uint32_t i = 0, rest = way; i < kIds; ++i, rest /= 3) ids.push_back(at[rest % 3][i]);
    for (std::uint32_t removed = 0; removed < 1U << kIds; ++removed) {
      IdIndex index;
      std::set<std::uint32_t> in;
      for (std::uint32_t slot = 0; slot < kIds; ++slot) {
        index.Insert(slot, ids.data());
        in.insert(slot);
      }
      ASSERT_EQ(index.MemoryBytes(), kPlaces * sizeof(std::uint32_t));
      for (std::uint32_t i = 0; i < kIds; ++i) {
        const std::uint32_t slot = way % 2 == 0 ? i : kIds - 1 - i;
        if ((removed >> slot & 1U) == 0) continue;
        index.Remove(slot, ids.data());
        in.erase(slot);
        ExpectExactly(index, ids, in);
      }
      for (const std::uint32_t slot : in) ASSERT_FALSE(index.InsertNew(slot, ids.data()));
      ExpectExactly(index, ids, in);
    }
  }
}

// As full as it may be, most of it one run that goes around the end.
TEST(IdIndexTest, StandsBeingFull) {
  std::mt19937_64 random(tests::Seed(37));
  std::vector<datasets::RecordId> ids;
  for (const std::uint64_t home : {13U, 15U, 0U, 5U}) {
    for (const datasets::RecordId id : IdsAt(home, 5)) ids.push_back(id);
  }
  for (int round = 0; round < 300; ++round) {
    IdIndex index;
    std::set<std::uint32_t> in;
    for (int step = 0; step < 200; ++step) {
      const auto slot = static_cast<std::uint32_t>(random() % ids.size());
      if (in.erase(slot) != 0) {
        index.Remove(slot, ids.data());
      } else if (in.size() < kFull) {
        ASSERT_TRUE(index.InsertNew(slot, ids.data()));
        in.insert(slot);
      }
      ExpectExactly(index, ids, in);
    }
    ASSERT_EQ(index.MemoryBytes(), kPlaces * sizeof(std::uint32_t));
  }
}

// While it grows its entries stand in two tables: those of either are found, removed, and put there no second time.
TEST(IdIndexTest, StandsWhileItGrows) {
  std::mt19937_64 random(tests::Seed(39));
  for (int round = 0; round < 100; ++round) {
    std::vector<datasets::RecordId> ids(1500);
    for (auto& id : ids) id = random();
    IdIndex index;
    std::set<std::uint32_t> in;
    std::size_t grew = 0;
    for (int step = 0; step < 4000; ++step) {
      const std::size_t bytes = index.MemoryBytes();
      // Mostly insertions, so that it grows all the time.
      const auto slot = static_cast<std::uint32_t>(random() % ids.size());
      if (random() % 4 != 0) {
        ASSERT_EQ(index.InsertNew(slot, ids.data()), in.insert(slot).second);
      } else if (in.erase(slot) != 0) {
        index.Remove(slot, ids.data());
      }
      if (index.MemoryBytes() > bytes) ++grew;
      if (step % 100 == 0) ExpectExactly(index, ids, in);
      if (step % 1000 == 999) {
        IdIndex copy = index;
        ExpectExactly(copy, ids, in);
        copy.Reserve(ids.size(), ids.data());
        ExpectExactly(copy, ids, in);
      }
    }
    ExpectExactly(index, ids, in);
    ASSERT_GT(grew, 10U);
  }
}

// Grows by itself, keeps what it has, and takes at most 7.5 bytes an entry, and 6 more while it grows; with room made
// for it, 6.2 in all.
TEST(IdIndexTest, IsAsSmallAsItSays) {
  std::mt19937_64 random(tests::Seed(38));
  std::vector<datasets::RecordId> ids(20'000);
  for (auto& id : ids) id = random();
  IdIndex grown, reserved;
  reserved.Reserve(ids.size(), ids.data());
  const std::size_t bytes = reserved.MemoryBytes();
  EXPECT_LE(bytes, 62 * ids.size() / 10);
  for (std::uint32_t slot = 0; slot < ids.size(); ++slot) {
    ASSERT_TRUE(grown.InsertNew(slot, ids.data()));
    ASSERT_TRUE(reserved.InsertNew(slot, ids.data()));
    ASSERT_FALSE(grown.InsertNew(slot, ids.data()));
    ASSERT_LE(2 * grown.MemoryBytes(), 27 * grown.size() + 4 * kPlaces * sizeof(std::uint32_t));
  }
  EXPECT_EQ(reserved.MemoryBytes(), bytes) << "room that was made is enough";
  for (const IdIndex* index : {&grown, &reserved}) {
    ASSERT_EQ(index->size(), ids.size());
    for (std::uint32_t slot = 0; slot < ids.size(); ++slot) ASSERT_EQ(index->Find(ids[slot], ids.data()), slot);
    for (const datasets::RecordId id : ids) ASSERT_FALSE(index->Find(id + 1, ids.data()));
  }
}

}  // namespace
}  // namespace hedgerow::forest
