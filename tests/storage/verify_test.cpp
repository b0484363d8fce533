// Proves that updates get through while a store verifies itself, also a store that puts work off; that what is found is
// of one moment; and that nothing is said to be erased while the copy that is verified still has it.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include "storage/held_copies.h"
#include "tests/storage/evidence/log_fixture.h"
#include "unlearn/robustness.h"

namespace hedgerow::storage {
namespace {

class VerifyTest : public LogTest {
 protected:
  void SetUp() override { data_ = People(random_, {2'000, 5, 3}); }

  // A store of its own; `deferring`: that leaves large subtrees to the background.
  StorePointer Begin(bool deferring) {
    directory_ = scratch_.Path(deferring ? "deferring" : "at once");
    Create(data_, {.seed = 5, .trees = 10, .occupancy = 5}).reset();
    if (deferring) defer_ = unlearn::DeferOptions{};
    return Open();
  }

  std::mt19937_64 random_{tests::Seed(98)};
};

// Once a verification held the store's lock from beginning to end: then these updates would wait for themselves.
TEST_F(VerifyTest, UpdatesGetThrough) {
  for (const bool deferring : {false, true}) {
    const StorePointer store = Begin(deferring);
    ASSERT_TRUE(store->Forget({.records = {data_.table.ids.back()}}).ok());
    const forest::Digest root = store->Root();
    const std::vector<std::uint64_t> robustness = unlearn::RobustnessHistogram(store->model().forest(), *executor_);
    std::size_t forgotten = 0;
    const auto found = store->Verify(*executor_, [&](std::size_t, std::size_t trees) {
      EXPECT_EQ(trees, 10U);
      const auto outcome = store->Forget({.records = {data_.table.ids[forgotten++]}});
      ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
    });
    ASSERT_TRUE(found.ok()) << found.error().ToString();
    EXPECT_EQ(forgotten, 10U);
    EXPECT_EQ(store->sequence(), 11U);
    EXPECT_TRUE(found->equal());
    EXPECT_TRUE(found->entered);
    EXPECT_EQ(found->sequence, 1U);
    EXPECT_EQ(found->records, 1'999U);
    EXPECT_EQ(found->root, root);
    ASSERT_TRUE(found->logged);
    EXPECT_EQ(*found->logged, root);
    ASSERT_TRUE(store->PublishLog().ok());
    std::vector<LogEntry> entries = Entries();
    std::erase_if(entries, [](const LogEntry& entry) { return entry.type != LogEntryType::kVerified; });
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].Number("sequence"), 1U);
    EXPECT_EQ(entries[0].Get("robustness"), fmt::format("{}", fmt::join(robustness, " ")));
    const Comparison after = store->Compare(*executor_);
    EXPECT_EQ(after.sequence, 11U);
    EXPECT_EQ(after.regrown_root, store->Root());
    EXPECT_NE(after.root, root);
  }
}

TEST_F(VerifyTest, NothingIsErasedWhileTheCopyHasIt) {
  const StorePointer store = Begin(false);
  std::future<Status> compacted;
  bool asked = false;
  const auto found = store->Verify(*executor_, [&](std::size_t, std::size_t) {
    if (std::exchange(asked, true)) return;
    const auto outcome = store->Forget({.records = {data_.table.ids[7]}});
    ASSERT_TRUE(outcome.ok());
    compacted = std::async(std::launch::async, [&] { return store->Compact(); });
    EXPECT_EQ(compacted.wait_for(std::chrono::milliseconds(500)), std::future_status::timeout);
  });
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->equal());
  EXPECT_TRUE(compacted.get().ok());
}

TEST(HeldCopies, OnlyOlderOnesAreWaitedFor) {
  HeldCopies copies;
  copies.AwaitNoneBefore(9);  // there is none
  const HeldCopies::Hold young(copies, 9);
  copies.AwaitNoneBefore(9);
  std::atomic<int> left = 2;
  auto first = std::make_unique<HeldCopies::Hold>(copies, 8);
  auto second = std::make_unique<HeldCopies::Hold>(copies, 8);
  auto waiting = std::async(std::launch::async, [&] {
    copies.AwaitNoneBefore(9);
    return left.load();
  });
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  --left;
  first.reset();
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  --left;
  second.reset();
  EXPECT_EQ(waiting.get(), 0);
}

}  // namespace
}  // namespace hedgerow::storage
