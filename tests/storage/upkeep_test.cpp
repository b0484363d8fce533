// Proves what happens beside and behind updates: many callers at once end in the model that is grown from what is
// left, and each of them in what was answered; the upkeep thread erases in time and stops when it is told to; a
// dry run never gets into a checkpoint; hundreds of updates without a checkpoint are read back; and a store whose pages
// are damaged is grown anew for good.
#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "storage/database.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

class UpkeepTest : public StoreTest {
 protected:
  void SetUp() override { data_ = People(random_, {600, 5, 3}); }

  StorePointer OpenWith(const OpenOptions& options) {
    auto store = Store::Open(directory_, options, *executor_);
    HEDGEROW_CHECK(store.ok(), "opening failed: " + (store.ok() ? "" : store.error().ToString()));
    return std::move(*store);
  }
  StorePointer OpenErasing(std::chrono::milliseconds within) {
    OpenOptions options;
    options.erase_within = within;
    return OpenWith(options);
  }
  Table Rows(const std::vector<std::size_t>& rows) { return tests::Take(data_.table, rows); }

  std::mt19937_64 random_{tests::Seed(92)};
  tests::Data data_;
};

// Eight writers, each with records of its own; beside them a reader of predictions, a checkpointer, and one that
// asks for all kinds of facts. With and without an upkeep thread.
TEST_F(UpkeepTest, ManyCallersAtOnce) {
  constexpr std::size_t kWriters = 8, kSteps = 30, kOwn = 40;
  for (const bool upkeep : {false, true}) {
    directory_ = scratch_.Path(upkeep ? "with upkeep" : "without");
    Create(data_, {.seed = 5, .trees = 10, .occupancy = 3}).reset();
    StorePointer store = upkeep ? OpenErasing(std::chrono::milliseconds(20)) : Open();
    std::vector<std::vector<std::size_t>> left(kWriters);
    std::atomic<std::size_t> writers_left = kWriters, answers = 0;
    std::vector<std::thread> threads;
    for (std::size_t w = 0; w < kWriters; ++w) {
      threads.emplace_back([&, w] {
        std::mt19937_64 random(tests::Seed(93) + w);
        std::set<std::size_t> here, gone;
        for (std::size_t k = 0; k < kOwn; ++k) here.insert(w * kOwn + k);
        const auto any = [&](const std::set<std::size_t>& from) {
          return *std::next(from.begin(), static_cast<std::ptrdiff_t>(random() % from.size()));
        };
        for (std::size_t step = 0; step < kSteps; ++step) {
          const bool forget = gone.empty() || (!here.empty() && random() % 2 == 0);
          const std::size_t i = any(forget ? here : gone);
          const UpdateOptions options{.request_id = fmt::format("{} {}", w, step), .with_roots = random() % 4 == 0};
          const auto outcome = forget ? store->Forget({.records = {data_.table.ids[i]}, .options = options})
                                      : store->Learn(Rows({i}), options);
          ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
          ASSERT_EQ(outcome->records, std::vector<RecordId>{data_.table.ids[i]});
          (forget ? here : gone).erase(i);
          (forget ? gone : here).insert(i);
          const Stage stage = random() % 8 == 0   ? Stage::kErased
                              : random() % 3 == 0 ? Stage::kDurable
                                                  : Stage::kUnlearned;
          const Status waited = store->Await(outcome->sequence, stage);
          ASSERT_TRUE(waited.ok()) << waited.error().ToString();
          const auto status = store->StatusOf(options.request_id);
          ASSERT_TRUE(status.ok() && *status);
          ASSERT_GE((*status)->stage, stage);
          ++answers;
        }
        left[w].assign(here.begin(), here.end());
        --writers_left;
      });
    }
    threads.emplace_back([&] {
      const auto executor = forest::MakeSerialExecutor();
      std::vector<double> probabilities(3 * data_.table.size());
      do {
        store->Predict(data_.table.cells.data(), data_.table.size(), probabilities.data(), *executor);
        for (std::size_t i = 0; i < data_.table.size(); ++i) {
          ASSERT_NEAR(probabilities[3 * i] + probabilities[3 * i + 1] + probabilities[3 * i + 2], 1.0, 1e-9);
        }
      } while (writers_left != 0);
    });
    threads.emplace_back([&] {
      for (int k = 0; writers_left != 0; ++k) {
        const Status status = k % 5 == 0 ? store->Compact() : Status(store->Checkpoint().ok() ? Status() : Error{});
        ASSERT_TRUE(status.ok());
      }
    });
    threads.emplace_back([&] {
      do {
        // Old versions of corrected records wait for erasure too, so there may be more than were forgotten.
        const std::uint64_t pending = store->pending_erasures();
        EXPECT_LE(pending, store->sequence() * data_.table.size());
        EXPECT_LE(store->subjects(), data_.table.size());
        EXPECT_TRUE(store->checkpoint_age_s().has_value());
        EXPECT_GT(store->DiskBytes().at("total"), 0U);
        const StoreInfo info = store->Describe();
        EXPECT_GE(info.surveyed_through, info.sequence);
      } while (writers_left != 0);
    });
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(answers, kWriters * kSteps);
    ASSERT_EQ(store->sequence(), kWriters * kSteps);
    std::vector<std::size_t> rows;
    for (const auto& own : left) rows.insert(rows.end(), own.begin(), own.end());
    for (std::size_t i = kWriters * kOwn; i < data_.table.size(); ++i) rows.push_back(i);
    EXPECT_TRUE(EqualsTrained(*store, Rows(rows)));
    store.reset();
    store = Open();
    EXPECT_TRUE(EqualsTrained(*store, Rows(rows)));
  }
}

TEST_F(UpkeepTest, ErasesByItself) {
  Create(data_).reset();
  StorePointer store = OpenErasing(std::chrono::milliseconds(1));
  const auto forgot =
      store->Forget({.records = {data_.table.ids[0], data_.table.ids[1]}, .options = {.request_id = "r"}});
  ASSERT_TRUE(forgot.ok());
  ASSERT_TRUE(store->Await(forgot->sequence, Stage::kErased).ok());
  EXPECT_EQ(store->pending_erasures(), 0U);
  EXPECT_EQ((*store->StatusOf("r"))->stage, Stage::kErased);
  const auto corrected = store->Correct(Rows({2}));
  ASSERT_TRUE(corrected.ok());
  ASSERT_TRUE(store->Await(corrected->sequence, Stage::kErased).ok()) << "a correction leaves bytes behind as well";
  store.reset();
  auto database = Database::Open(DatabasePath(directory_), Database::Mode::kRead);
  EXPECT_EQ(*(*database)->CountKeys(Family::kPending), 0U);
}

// Once waiting for the erasure of what was learned never ended: nothing was to be erased, so nobody began.
TEST_F(UpkeepTest, WaitingForTheErasureOfNothingEnds) {
  const tests::Data some{data_.schema, Without(data_.table, {data_.table.ids[0]})};
  Create(some).reset();
  StorePointer store = OpenErasing(std::chrono::hours(1));
  const auto learned = store->Learn(Rows({0}), {.request_id = "l"});
  ASSERT_TRUE(learned.ok());
  ASSERT_TRUE(store->Await(learned->sequence, Stage::kErased).ok());
  EXPECT_EQ((*store->StatusOf("l"))->stage, Stage::kErased);
}

TEST_F(UpkeepTest, ErasesWhatAnEarlierProcessLeft) {
  StorePointer store = Create(data_);
  const auto forgot = store->Forget({.records = {data_.table.ids[0]}});
  ASSERT_TRUE(forgot.ok());
  store.reset();
  store = OpenErasing(std::chrono::hours(1));
  ASSERT_TRUE(store->Await(forgot->sequence, Stage::kErased).ok()) << "at once, not after an hour";
  EXPECT_EQ(store->pending_erasures(), 0U);
}

TEST_F(UpkeepTest, StopsWhenItIsTold) {
  Create(data_).reset();
  for (int round = 0; round < 20; ++round) {
    // Before it has anything to do, while it waits for its time, and in the middle of the work.
    StorePointer store = OpenErasing(round % 3 == 0 ? std::chrono::milliseconds(1) : std::chrono::hours(1));
    if (round % 4 == 0) continue;
    ASSERT_TRUE(store->Forget({.records = {data_.table.ids[static_cast<std::size_t>(round)]}}).ok());
  }
  EXPECT_EQ(Open()->forgotten(), 15U);
}

// Once a reader found table files gone, which the writer had merged while it opened, and called the store damaged.
TEST_F(UpkeepTest, ReadersGetInBesideAWriterThatErases) {
  StorePointer writer = Create(data_);
  std::atomic<std::uint64_t> acknowledged = 0;
  std::atomic<bool> enough = false;
  std::thread writing([&] {
    for (std::size_t i = 0; i < data_.table.size() && !enough; ++i) {
      ASSERT_TRUE(writer->Forget({.records = {data_.table.ids[i]}, .options = {.with_roots = false}}).ok());
      acknowledged = i + 1;
      const Status status = writer->Compact();
      ASSERT_TRUE(status.ok()) << status.error().ToString();
    }
  });
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t least = acknowledged;
    const auto reader = TryOpen(OpenMode::kRead);
    ASSERT_TRUE(reader.ok()) << reader.error().ToString();
    const std::uint64_t forgotten = (*reader)->forgotten();
    EXPECT_GE(forgotten, least) << "what was acknowledged before is there";
    const std::vector<RecordId> gone(data_.table.ids.begin(),
                                     data_.table.ids.begin() + static_cast<std::ptrdiff_t>(forgotten));
    EXPECT_TRUE(EqualsTrained(**reader, Without(data_.table, gone)));
  }
  enough = true;
  writing.join();
}

// A dry run changes the model in memory. Once a checkpoint that was under way wrote that into the store.
TEST_F(UpkeepTest, ADryRunDoesNotGetIntoACheckpoint) {
  Create(data_, {.seed = 5, .trees = 60, .occupancy = 60}).reset();
  for (std::size_t round = 0; round < 30; ++round) {
    StorePointer store = Open();
    ASSERT_TRUE(store->Forget({.records = {data_.table.ids[round]}}).ok());
    std::atomic<bool> begun = false;
    std::thread checkpointer([&] {
      begun = true;
      store->Checkpoint().ok();  // may be refused
    });
    while (!begun) std::this_thread::yield();
    for (std::size_t k = 0; k < round * 20; ++k) store->sequence();
    ASSERT_TRUE(store->Forget({.records = {data_.table.ids[500 + round]}, .dry_run = true}).ok());
    checkpointer.join();
    ExpectFails(store->Checkpoint().error(), ErrorCode::kUsage, "dry run");
    store.reset();
    std::vector<RecordId> gone(data_.table.ids.begin(),
                               data_.table.ids.begin() + static_cast<std::ptrdiff_t>(round) + 1);
    const auto opened = TryOpen();
    ASSERT_TRUE(opened.ok()) << "round " << round << ": " << opened.error().ToString();
    ASSERT_TRUE(EqualsTrained(**opened, Without(data_.table, gone))) << "round " << round;
  }
}

TEST_F(UpkeepTest, HundredsOfUpdatesWithoutACheckpoint) {
  StorePointer store = Create(data_, {.seed = 5, .trees = 10, .occupancy = 4});
  std::set<std::size_t> here;
  for (std::size_t i = 0; i < data_.table.size(); ++i) here.insert(i);
  for (int step = 0; step < 500; ++step) {
    const std::size_t i = random_() % data_.table.size();
    const bool forget = here.contains(i);
    const auto outcome = forget ? store->Forget({.records = {data_.table.ids[i]}, .options = {.with_roots = false}})
                                : store->Learn(Rows({i}), {.with_roots = false});
    ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
    if (forget)
      here.erase(i);
    else
      here.insert(i);
  }
  const Table left = Rows({here.begin(), here.end()});
  EXPECT_TRUE(EqualsTrained(*store, left));
  const auto crossed = Open(OpenMode::kRead);
  EXPECT_TRUE(EqualsTrained(*crossed, left)) << "a reader catches up as well";
  Reopen(store);
  EXPECT_TRUE(EqualsTrained(*store, left));
  EXPECT_EQ(store->sequence(), 500U);
}

TEST_F(UpkeepTest, DamagedPagesAreGrownAnewForGood) {
  StorePointer store = Create(data_);
  ASSERT_TRUE(store->Forget({.records = {data_.table.ids[0]}}).ok());
  ASSERT_TRUE(store->Checkpoint().ok());
  ASSERT_TRUE(store->Forget({.records = {data_.table.ids[1]}}).ok());
  const forest::Digest root = store->Root();
  store.reset();
  {
    auto database = Database::Open(DatabasePath(directory_), Database::Mode::kWrite);
    ASSERT_TRUE(database.ok());
    Database::Batch batch(**database);
    ASSERT_TRUE((*database)
                    ->ForEach(Family::kPages, "",
                              [&](std::string_view key, std::string_view) {
                                batch.Put(Family::kPages, key, "rubbish");
                                return Status();
                              })
                    .ok());
    ASSERT_TRUE((*database)->Write(batch, true).ok());
  }
  ASSERT_EQ(TryOpen().error().code, ErrorCode::kStoreDamaged);
  OpenOptions regrow;
  regrow.regrow = true;
  regrow.mode = OpenMode::kRead;
  EXPECT_EQ(OpenWith(regrow)->Root(), root) << "a reader may look, and repairs nothing";
  ASSERT_EQ(TryOpen().error().code, ErrorCode::kStoreDamaged);
  regrow.mode = OpenMode::kWrite;
  EXPECT_EQ(OpenWith(regrow)->Root(), root);
  for (int round = 0; round < 2; ++round) {
    store = Open();
    EXPECT_EQ(store->Root(), root) << "it is repaired on the disk as well";
    EXPECT_TRUE(EqualsTrained(*store, Without(data_.table, {data_.table.ids[0], data_.table.ids[1]})));
    ASSERT_TRUE(store->Compact().ok());
    store.reset();
  }
}

}  // namespace
}  // namespace hedgerow::storage
