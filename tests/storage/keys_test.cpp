// Proves that keys of persons tell nothing without the secret, and that page keys sort in preorder, so that all pages
// below a node are one range: on random trees, on the all-right path and at the greatest depth.
#include "storage/keys.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "forest/parameters.h"
#include "tests/support/data.h"

namespace hedgerow::storage {
namespace {

TEST(OpaqueKeys, TellNothingOfTheirOwner) {
  const Secret secret = MakeSecret();
  std::set<std::string> keys;
  for (std::uint64_t id = 0x4142434445464748; id < 0x4142434445464748 + 1000; ++id) {
    const std::string key = RecordKey(secret, id);
    ASSERT_EQ(key.size(), kOpaqueBytes);
    ASSERT_EQ(key.find("ABCD"), std::string::npos);
    ASSERT_EQ(key.find("DCBA"), std::string::npos);
    EXPECT_TRUE(keys.insert(key).second);
    EXPECT_EQ(RecordKey(secret, id), key);
  }
  for (int i = 0; i < 1000; ++i) {
    const std::string subject = fmt::format("person {}", i);
    const std::string key = SubjectKey(secret, subject);
    ASSERT_EQ(key.size(), kOpaqueBytes);
    ASSERT_EQ(key.find("person"), std::string::npos);
    EXPECT_TRUE(keys.insert(key).second);
  }
}

TEST(OpaqueKeys, DifferFromStoreToStore) {
  const Secret one = MakeSecret(), two = MakeSecret();
  EXPECT_NE(one, two);
  EXPECT_NE(RecordKey(one, 7), RecordKey(two, 7));
  EXPECT_NE(SubjectKey(one, "ann"), SubjectKey(two, "ann"));
  EXPECT_NE(RequestKey(one, "ann"), RequestKey(two, "ann"));
  EXPECT_NE(ContentKey(one, "ann"), ContentKey(two, "ann"));
  Secret flipped = one;
  flipped[31] ^= 1;
  EXPECT_NE(RecordKey(one, 7), RecordKey(flipped, 7)) << "the whole secret counts";
}

TEST(OpaqueKeys, KeepWhatTheyAreOfApart) {
  const Secret secret = MakeSecret();
  const std::uint64_t id = 0x3132333435363738;
  const std::string text(reinterpret_cast<const char*>(&id), sizeof id);
  std::set<std::string> keys;
  for (const std::string& key :
       {RecordKey(secret, id), SubjectKey(secret, text), RequestKey(secret, text), ContentKey(secret, text)}) {
    EXPECT_EQ(key.size(), kOpaqueBytes);
    EXPECT_EQ(key.find("45678"), std::string::npos);
    EXPECT_TRUE(keys.insert(key).second) << "the same text as something else";
  }
  EXPECT_EQ(RequestKey(secret, text), RequestKey(secret, text));
  EXPECT_EQ(ContentKey(secret, text), ContentKey(secret, text));
  EXPECT_NE(ContentKey(secret, text), ContentKey(secret, text + '\0'));
  EXPECT_NE(SubjectKey(secret, ""), SubjectKey(secret, std::string(1, '\0')));
}

struct Place {
  std::uint64_t path = 0;
  std::uint32_t depth = 0;
};

Place Child(const Place& place, bool right) {
  return {right ? place.path | 1ULL << (63 - place.depth) : place.path, place.depth + 1};
}

bool IsBelow(const Place& place, const Place& top) {
  if (place.depth < top.depth) return false;
  return top.depth == 0 || (place.path ^ top.path) >> (64 - top.depth) == 0;
}

// A random tree in preorder, to the greatest depth.
void Grow(std::mt19937_64& random, const Place& place, std::vector<Place>& places) {
  places.push_back(place);
  if (place.depth == forest::kMaxDepth) return;
  for (const bool right : {false, true}) {
    if (random() % 100 < (place.depth < 5 ? 90U : 51U)) Grow(random, Child(place, right), places);
  }
}

void ExpectRanges(const std::vector<Place>& places) {
  std::vector<std::string> keys;
  for (const Place& place : places) keys.push_back(PageKey(3, place.path, place.depth));
  ASSERT_TRUE(std::is_sorted(keys.begin(), keys.end())) << "preorder";
  ASSERT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
  for (std::size_t i = 0; i < places.size(); i += 1 + places.size() / 300) {
    const std::string behind = PageKeyBehind(3, places[i].path, places[i].depth);
    for (std::size_t k = 0; k < places.size(); ++k) {
      ASSERT_EQ(IsBelow(places[k], places[i]), keys[i] <= keys[k] && keys[k] < behind) << i << " " << k;
    }
    ASSERT_LE(behind, PageKey(4, 0, 0)) << "never into the next tree";
  }
}

TEST(PageKeys, GroupSubtreesOfRandomTrees) {
  std::mt19937_64 random(tests::Seed(72));
  std::size_t deepest = 0;
  for (int round = 0; round < 30; ++round) {
    std::vector<Place> places;
    Grow(random, {}, places);
    for (const Place& place : places) deepest = std::max<std::size_t>(deepest, place.depth);
    ExpectRanges(places);
    if (HasFailure()) return;
  }
  EXPECT_GT(deepest, 20U);
}

TEST(PageKeys, GroupSubtreesAtTheEdges) {
  for (const int turns : {0, 1, 2}) {  // all left, all right, in turns
    std::vector<Place> places{{}};
    std::vector<Place> all{{}};
    while (places.back().depth < forest::kMaxDepth) {
      const bool right = turns == 2 ? places.back().depth % 2 == 0 : turns == 1;
      all.push_back(Child(places.back(), !right));
      places.push_back(Child(places.back(), right));
      all.push_back(places.back());
    }
    std::sort(all.begin(), all.end(),
              [](const Place& a, const Place& b) { return std::pair(a.path, a.depth) < std::pair(b.path, b.depth); });
    ExpectRanges(all);
  }
}

TEST(PageKeys, EndATreeWhereTheNextBegins) {
  EXPECT_EQ(PageKeyBehind(7, 0, 0), PageKey(8, 0, 0));
  const std::uint64_t all_right = ~0ULL << (64 - forest::kMaxDepth);
  EXPECT_EQ(PageKeyBehind(7, all_right, forest::kMaxDepth), PageKey(8, 0, 0));
  EXPECT_EQ(PageKeyBehind(7, 1ULL << 63, 1), PageKey(8, 0, 0));
  EXPECT_EQ(PageKeyBehind(7, 0, 1), PageKey(7, 1ULL << 63, 0));
  EXPECT_LT(PageKey(255, ~0ULL, 60), PageKey(256, 0, 0)) << "numbers sort as numbers";
}

}  // namespace
}  // namespace hedgerow::storage
