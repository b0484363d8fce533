// Proves what survives a power failure: a store works on a disk that remembers what was synced, and at hundreds of
// moments, between any two writes, a copy is made of what that disk would hold if the power failed then, with none or
// with some of the unsynced bytes. Every copy opens; everything that was durable is in it; and it is the state after
// one update, wholly, with the root that is grown anew. Its log continues the checkpoint that could be seen by then.
#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "storage/evidence/log_audit.h"
#include "tests/storage/faulty_disk.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

class PowerTest : public StoreTest {
 protected:
  struct Copy {
    std::string directory;
    std::uint64_t least = 0, most = 0;  // updates that must be in it, and that may be
  };

  // Makes a copy before every `every`-th write from now on.
  void MakeCopies(std::uint64_t every, std::size_t most) {
    disk_.OnOperation([this, every, most] {
      // The moments that matter most are those when a log was begun and the one before it is not yet synced.
      const bool two_logs = disk_.Unsynced(".log") >= 2 && ++two_logs_ % 2 == 0;
      if ((++operations_ % every != 0 && !two_logs) || copies_.size() == most) return;
      const std::string to = scratch_.Path(fmt::format("copy {}", copies_.size()));
      // What was acknowledged as durable before, and what was begun by then.
      copies_.push_back({to, durable_, begun_});
      made_ = copies_.size();
      disk_.CopyAfterPowerFailure(directory_, to, random_() % (two_logs ? 8 : 2) == 0 ? nullptr : &random_);
    });
  }

  void CheckCopies() {
    disk_.OnOperation({});
    std::set<std::uint64_t> seen;
    for (const Copy& copy : copies_) {
      directory_ = copy.directory;
      const std::string seen_log = *ReadCheckpointFile(directory_);
      auto store = TryOpen();
      ASSERT_TRUE(store.ok()) << copy.directory << ": " << store.error().ToString();
      const std::uint64_t sequence = (*store)->sequence();
      ASSERT_GE(sequence, copy.least) << "something durable is lost in " << copy.directory;
      ASSERT_LE(sequence, copy.most);
      if (!roots_.empty()) {
        ASSERT_EQ((*store)->Root(), roots_[sequence]) << copy.directory;
      }
      unlearn::Model& model = (*store)->model();
      ASSERT_EQ(model.Regrow(*executor_).Root(model.records(), *executor_), (*store)->Root()) << copy.directory;
      seen.insert(sequence);
      store->reset();
      const auto audit = AuditLog({.directory = directory_, .keys = {}, .earlier = {seen_log}, .progress = {}});
      ASSERT_TRUE(audit.ok()) << audit.error().ToString();
      ASSERT_TRUE(audit->ok()) << audit->problems[0] << " in " << copy.directory;
      ASSERT_EQ(audit->accepted, sequence);
    }
    EXPECT_GT(copies_.size(), 50U);
    EXPECT_GT(seen.size(), 5U);
  }

  std::mt19937_64 random_{tests::Seed(95)};
  tests::FaultyDisk disk_;
  std::uint64_t operations_ = 0, two_logs_ = 0;
  std::vector<Copy> copies_;
  std::atomic<std::size_t> made_ = 0;  // as many
  std::vector<forest::Digest> roots_;  // by the number of updates
  std::atomic<std::uint64_t> durable_ = 0, begun_ = 0;
};

TEST_F(PowerTest, WhatWasDurableIsThereAtAnyMoment) {
  const tests::Data data = People(random_, {300, 4, 2});
  StorePointer store = Create(data);
  roots_.push_back(store->Root());
  std::set<std::size_t> here;
  for (std::size_t i = 0; i < data.table.size(); ++i) here.insert(i);
  MakeCopies(3, 250);
  for (int step = 0; step < 150; ++step) {
    const std::size_t i = random_() % data.table.size();
    ++begun_;
    const bool forget = here.contains(i);
    const auto outcome = forget ? (random_() % 4 == 0 ? store->Correct(tests::One(data.table, i))
                                                      : store->Forget({.records = {data.table.ids[i]}}))
                                : store->Learn(tests::One(data.table, i));
    ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
    roots_.push_back(outcome->root_after);
    const auto now = store->model().records().Find(data.table.ids[i]);
    now ? void(here.insert(i)) : void(here.erase(i));
    const std::uint64_t sequence = outcome->sequence;
    switch (random_() % 12) {
      case 0:
      case 1:
      case 2:
        ASSERT_TRUE(store->Await(sequence, Stage::kDurable).ok());
        durable_ = sequence;
        break;
      case 3:
        ASSERT_TRUE(store->Checkpoint().ok());
        break;
      case 4:
        ASSERT_TRUE(store->Await(sequence, Stage::kErased).ok());
        durable_ = sequence;
        break;
      case 5:
        if (step % 3 != 0) break;
        Reopen(store);
        durable_ = sequence;
        break;
      default:
        break;
    }
  }
  store.reset();
  CheckCopies();
}

// That the disk does lose what was not synced, so that the other tests prove something.
TEST_F(PowerTest, WhatWasNotDurableMayBeLost) {
  const tests::Data data = People(random_, {100, 4, 2});
  StorePointer store = Create(data);
  ASSERT_TRUE(store->Forget({.records = {data.table.ids[0]}}).ok());
  disk_.CopyAfterPowerFailure(directory_, scratch_.Path("before"), nullptr);
  ASSERT_TRUE(store->Await(1, Stage::kDurable).ok());
  disk_.CopyAfterPowerFailure(directory_, scratch_.Path("after"), nullptr);
  store.reset();
  directory_ = scratch_.Path("before");
  EXPECT_TRUE(EqualsTrained(*Open(), data.table));
  directory_ = scratch_.Path("after");
  EXPECT_TRUE(EqualsTrained(*Open(), Without(data.table, {data.table.ids[0]})));
}

// Writers, checkpoints and erasures beside each other: logs are closed and begun while updates go on.
TEST_F(PowerTest, SoItIsBesideCheckpointsAndErasures) {
  const tests::Data data = People(random_, {300, 4, 2});
  StorePointer store = Create(data);
  MakeCopies(7, 150);
  std::atomic<bool> done = false;
  std::thread upkeep([&] {
    for (int k = 0; !done; ++k) {
      const Status status = k % 2 == 0 ? store->Compact() : Status(store->Checkpoint().ok() ? Status() : Error{});
      ASSERT_TRUE(status.ok()) << status.error().ToString();
    }
  });
  for (std::size_t step = 0; step < 2'000 && made_ < 150; ++step) {
    const Table one = tests::One(data.table, step % 150);
    begun_ = step + 1;
    const bool forget = step / 150 % 2 == 0;
    const UpdateOptions options{.with_roots = false};
    const auto outcome = forget ? store->Forget({.records = one.ids, .options = options}) : store->Learn(one, options);
    ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
    if (step % 16 != 0) continue;
    ASSERT_TRUE(store->Await(outcome->sequence, Stage::kDurable).ok());
    durable_ = outcome->sequence;
  }
  done = true;
  upkeep.join();
  store.reset();
  CheckCopies();
}

}  // namespace
}  // namespace hedgerow::storage
