// Proves that digests which are taken a few at a time are those of the fingerprint, and that none is taken too early.
#include "forest/fingerprint.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "forest/forest.h"
#include "forest/quarantine.h"
#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::forest {
namespace {

class TakeSomeDigestsTest : public ::testing::Test {
 protected:
  unlearn::Model Train(std::uint64_t seed) {
    std::mt19937_64 random(tests::Seed(seed));
    const tests::Data data = tests::RandomData(random, {2000, 6, 3});
    auto model =
        unlearn::Model::Train({.trees = 3, .occupancy = 2, .min_split = 4}, data.schema, data.table, *executor_);
    EXPECT_TRUE(model.ok()) << model.error().ToString();
    return std::move(*model);
  }

  static bool Known(const Subtree& subtree) {
    return subtree.node() != nullptr ? subtree.node()->digest_known : subtree.small()->digest_known();
  }

  std::unique_ptr<Executor> executor_ = MakeSerialExecutor();
};

TEST_F(TakeSomeDigestsTest, StepByStepTheyAreAllThere) {
  unlearn::Model model = Train(15), other = Train(15);
  for (Tree& tree : model.forest().trees()) {
    ASSERT_NE(tree.root.node(), nullptr);
    std::size_t steps = 1;
    while (TakeSomeDigests(tree.root, model.records(), model.forest().classes(), 10) == 0) {
      ASSERT_LT(++steps, 10'000U);
    }
    EXPECT_GT(steps, 10U) << "it keeps to its limit";
    EXPECT_TRUE(Known(tree.root));
    EXPECT_EQ(TakeSomeDigests(tree.root, model.records(), model.forest().classes(), 7), 7U) << "there is no more";
  }
  EXPECT_EQ(model.Root(*executor_), other.Root(*executor_));
}

TEST_F(TakeSomeDigestsTest, WhatIsAboveAQuarantineWaits) {
  unlearn::Model model = Train(16);
  const Digest root = model.Root(*executor_);
  const Records& records = model.records();
  const std::size_t classes = model.forest().classes();
  Node& top = *model.forest().trees()[0].root.node();
  ASSERT_NE(top.left.node(), nullptr);
  // As an update leaves it: all on the way to the quarantined place is unknown, and so is another part.
  Node& above = *top.left.node();
  Subtree whole = std::exchange(above.left, Subtree(std::make_shared<Quarantine>()));
  top.digest_known = above.digest_known = false;
  if (top.right.node() != nullptr) top.right.node()->digest_known = false;
  EXPECT_GT(TakeSomeDigests(model.forest().trees()[0].root, records, classes, 1'000'000), 0U);
  EXPECT_FALSE(top.digest_known);
  EXPECT_FALSE(above.digest_known);
  EXPECT_TRUE(Known(top.right));
  EXPECT_TRUE(Known(above.right));

  above.left = std::move(whole);
  EXPECT_GT(TakeSomeDigests(model.forest().trees()[0].root, records, classes, 1'000'000), 0U);
  EXPECT_TRUE(top.digest_known);
  EXPECT_EQ(model.Root(*executor_), root);
}

}  // namespace
}  // namespace hedgerow::forest
