// Proves that updates get through while a store is described, also a store that puts work off; that what is told of one
// moment is of that moment; and that what is told of several says until which update.
#include "tests/storage/store_fixture.h"
#include "unlearn/robustness.h"

namespace hedgerow::storage {
namespace {

class DescribeTest : public StoreTest {
 protected:
  void SetUp() override { data_ = People(random_, {2'000, 5, 3}); }

  std::mt19937_64 random_{tests::Seed(97)};
  tests::Data data_;
};

// Once a description held the store's lock from beginning to end: then this update would wait for itself.
TEST_F(DescribeTest, UpdatesGetThrough) {
  for (const bool deferring : {false, true}) {
    directory_ = scratch_.Path(deferring ? "deferring" : "at once");
    Create(data_, {.seed = 5, .trees = 10, .occupancy = 5}).reset();
    if (deferring) defer_ = unlearn::DeferOptions{};
    StorePointer store = Open();
    const forest::Digest root = store->Root();
    std::size_t done = 0;
    const StoreInfo info = store->Describe([&](std::size_t tree, std::size_t trees) {
      EXPECT_EQ(tree, done + 1);
      EXPECT_EQ(trees, 10U);
      const auto outcome = store->Forget({.records = {data_.table.ids[done++]}});
      ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
    });
    EXPECT_EQ(done, 10U);
    EXPECT_EQ(info.sequence, 0U);
    EXPECT_EQ(info.records, 2'000U);
    EXPECT_EQ(info.root, root);
    EXPECT_EQ(info.surveyed_through, 10U);
    EXPECT_EQ(store->sequence(), 10U);

    const StoreInfo now = store->Describe();
    EXPECT_EQ(now.sequence, 10U);
    EXPECT_EQ(now.surveyed_through, 10U);
    EXPECT_NE(now.root, root);
    EXPECT_EQ(now.robustness, unlearn::RobustnessHistogram(store->model().forest(), *executor_));
    EXPECT_EQ(now.memory_parts, store->model().Memory());
    std::vector<RecordId> gone(data_.table.ids.begin(), data_.table.ids.begin() + 10);
    EXPECT_TRUE(EqualsTrained(*store, Without(data_.table, gone)));
  }
}

}  // namespace
}  // namespace hedgerow::storage
