// Proves what the journal promises: a request is carried out once, also after opening again; the stages come in their
// order and are told; a checkpoint writes the trees that changed and no others; no slot that a stored tree names goes
// to another record; and whatever happened since the last checkpoint, opening gives what training on the live records
// gives.
#include <algorithm>

#include "storage/database.h"
#include "storage/request_status.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

class JournalTest : public StoreTest {
 protected:
  void SetUp() override {
    data_ = People(random_, {330, 5, 3});
    store_ = Create(data_, {.seed = 5, .trees = 12, .occupancy = 3});
    live_ = data_.table;
  }

  RecordId Id(std::size_t i) const { return data_.table.ids[i]; }
  Outcome Must(const Result<Outcome>& outcome) {
    EXPECT_TRUE(outcome.ok()) << outcome.error().ToString();
    return outcome.ok() ? *outcome : Outcome{};
  }
  Outcome Forget(const std::vector<RecordId>& ids, const std::string& request = "") {
    live_ = Without(live_, ids);
    return Must(store_->Forget({.records = ids, .options = {.request_id = request}}));
  }
  // Record i of the data under this id.
  Table Row(std::size_t i, RecordId id) {
    Table table = tests::One(data_.table, i);
    table.ids = {id};
    return table;
  }
  Outcome Learn(std::size_t i, RecordId id) {
    Append(Row(i, id));
    return Must(store_->Learn(Row(i, id)));
  }
  Outcome Correct(std::size_t i, RecordId id) {
    live_ = Without(live_, {id});
    Append(Row(i, id));
    return Must(store_->Correct(Row(i, id)));
  }
  void Append(const Table& one) {
    live_.ids.push_back(one.ids[0]);
    live_.labels.push_back(one.labels[0]);
    live_.cells.insert(live_.cells.end(), one.cells.begin(), one.cells.end());
    if (!live_.subjects.empty()) live_.subjects.push_back(one.subjects[0]);
  }
  std::uint64_t Keys(Family family) {
    auto database = Database::Open(DatabasePath(directory_), Database::Mode::kRead);
    EXPECT_TRUE(database.ok());
    return *(*database)->CountKeys(family);
  }
  Stage StageNow(const std::string& request) {
    const auto status = store_->StatusOf(request);
    EXPECT_TRUE(status.ok() && *status);
    return status.ok() && *status ? (*status)->stage : Stage::kUnlearned;
  }
  static std::uint64_t NowMicroseconds() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  }

  std::mt19937_64 random_{tests::Seed(91)};
  tests::Data data_;
  Table live_;
  StorePointer store_;
};

TEST_F(JournalTest, ARequestIsCarriedOutOnce) {
  const Outcome first = Forget({Id(1), Id(2)}, "r1");
  EXPECT_EQ(first.sequence, 1U);
  EXPECT_FALSE(first.repeated);
  EXPECT_EQ(first.record_count, 2U);
  Learn(3, Id(1));  // so that forgetting it once more would change something
  for (int round = 0; round < 3; ++round) {
    const forest::Digest root = store_->Root();
    const Outcome again = Must(store_->Forget({.records = {Id(2), Id(1), Id(2)}, .options = {.request_id = "r1"}}));
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(again.sequence, 1U);
    EXPECT_EQ(again.record_count, 2U);
    EXPECT_EQ(again.request_id, "r1");
    EXPECT_EQ(again.root_before, root);
    EXPECT_EQ(again.root_after, root);
    EXPECT_EQ(store_->sequence(), 2U);
    EXPECT_EQ(store_->forgotten(), 2U);
    EXPECT_TRUE(EqualsTrained(*store_, live_));
    if (round == 1) {
      ASSERT_TRUE(store_->Compact().ok());
    }
    Reopen(store_);
  }
}

TEST_F(JournalTest, LearningAndCorrectingAreCarriedOutOnce) {
  const UpdateOptions learn{.request_id = "learn"}, correct{.request_id = "correct"};
  ASSERT_TRUE(store_->Learn(Row(0, 9'000), learn).ok());
  ASSERT_TRUE(store_->Correct(Row(1, 9'000), correct).ok());
  const forest::Digest root = store_->Root();
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(Must(store_->Learn(Row(0, 9'000), learn)).repeated) << "though the id is there by now";
    EXPECT_TRUE(Must(store_->Correct(Row(1, 9'000), correct)).repeated);
    EXPECT_EQ(store_->Root(), root);
    EXPECT_EQ(store_->sequence(), 2U);
    Reopen(store_);
  }
}

TEST_F(JournalTest, ARequestIdStandsForOneContent) {
  Forget({Id(1)}, "r1");
  Table other = Row(0, 9'000);
  for (int round = 0; round < 2; ++round) {
    const forest::Digest root = store_->Root();
    const UpdateOptions options{.request_id = "r1"};
    ExpectFails(store_->Forget({.records = {Id(1), Id(2)}, .options = options}).error(), ErrorCode::kUsage,
                "something else");
    ExpectFails(store_->Forget({.records = {Id(1)}, .subjects = {"person 1"}, .options = options}).error(),
                ErrorCode::kUsage, "something else");
    ExpectFails(store_->Learn(other, options).error(), ErrorCode::kUsage, "something else");
    ExpectFails(store_->Correct(Row(0, Id(3)), options).error(), ErrorCode::kUsage, "something else");
    EXPECT_EQ(store_->Root(), root);
    EXPECT_EQ(store_->sequence(), 1U);
    Reopen(store_);
  }
  const std::string longest(128, 'r');
  EXPECT_EQ(Forget({Id(5)}, longest).request_id, longest);
  ExpectFails(store_->Forget({.records = {Id(6)}, .options = {.request_id = longest + "r"}}).error(), ErrorCode::kUsage,
              "too long");
  EXPECT_TRUE(EqualsTrained(*store_, live_));
}

// What changed nothing uses up no request id: the same request may come again when the records are there.
TEST_F(JournalTest, ARequestThatChangedNothingMayComeAgain) {
  EXPECT_EQ(Must(store_->Forget({.records = {9'000}, .options = {.request_id = "r1"}})).unknown.size(), 1U);
  EXPECT_FALSE(*store_->StatusOf("r1"));
  Learn(0, 9'000);
  EXPECT_EQ(Forget({9'000}, "r1").records, std::vector<RecordId>{9'000});
  EXPECT_EQ(store_->sequence(), 2U);
}

TEST_F(JournalTest, TellsTheStatusOfARequest) {
  const std::uint64_t before = NowMicroseconds();
  Must(store_->Forget({.records = {Id(1), Id(2)}, .options = {.request_id = "f", .ground = Ground::kC}}));
  Must(store_->Learn(Row(0, 9'000), {.request_id = "l"}));
  Must(store_->Correct(Row(1, 9'000), {.request_id = "c"}));
  for (int round = 0; round < 2; ++round) {
    const auto forget = *store_->StatusOf("f");
    ASSERT_TRUE(forget);
    EXPECT_EQ(forget->sequence, 1U);
    EXPECT_EQ(forget->kind, UpdateKind::kForget);
    EXPECT_EQ(forget->ground, Ground::kC);
    EXPECT_EQ(forget->records, 2U);
    EXPECT_GE(forget->time_us, before);
    EXPECT_LE(forget->time_us, NowMicroseconds());
    EXPECT_EQ((*store_->StatusOf("l"))->kind, UpdateKind::kLearn);
    EXPECT_EQ((*store_->StatusOf("c"))->kind, UpdateKind::kCorrect);
    EXPECT_FALSE(*store_->StatusOf("x"));
    EXPECT_FALSE(*store_->StatusOf(""));
    Reopen(store_);
  }
}

// A reader, the command line and the writer agree; what a reader can see, it can promise.
TEST_F(JournalTest, ReadersTellTheStageAsWell) {
  Forget({Id(1)}, "erased");
  ASSERT_TRUE(store_->Compact().ok());
  Must(store_->Learn(Row(0, 9'000), {.request_id = "learned"}));
  for (const bool removed : {false, true}) {
    if (removed) Forget({Id(2)}, "removed");
    const StorePointer reader = Open(OpenMode::kRead);
    for (const std::string request : {"erased", "learned", "removed"}) {
      SCOPED_TRACE(request);
      const auto seen = *reader->StatusOf(request), told = *StatusOf(directory_, request);
      ASSERT_EQ(seen.has_value(), removed || request != "removed");
      ASSERT_EQ(told.has_value(), seen.has_value());
      if (!seen) continue;
      EXPECT_EQ(seen->stage, request == "removed" ? Stage::kExact : Stage::kErased);
      EXPECT_EQ(told->stage, seen->stage);
      EXPECT_TRUE(reader->Await(seen->sequence, Stage::kDurable).ok());
    }
  }
  EXPECT_EQ(StageNow("removed"), Stage::kUnlearned) << "the writer has not synced and does not know of others";
}

TEST_F(JournalTest, StagesComeInTheirOrder) {
  for (const Stage stage : {Stage::kUnlearned, Stage::kDurable, Stage::kExact, Stage::kErased}) {
    EXPECT_EQ(StageOf(NameOf(stage)), stage);
  }
  const Outcome one = Forget({Id(1)}, "r1");
  EXPECT_EQ(StageNow("r1"), Stage::kUnlearned);
  ASSERT_TRUE(store_->Await(one.sequence, Stage::kUnlearned).ok());
  EXPECT_EQ(StageNow("r1"), Stage::kUnlearned) << "asking for less does no more";
  ASSERT_TRUE(store_->Await(one.sequence, Stage::kDurable).ok());
  EXPECT_EQ(StageNow("r1"), Stage::kExact) << "which comes with it";
  const Outcome two = Forget({Id(2), Id(3)}, "r2");
  EXPECT_EQ(StageNow("r2"), Stage::kUnlearned);
  EXPECT_EQ(store_->pending_erasures(), 3U);
  ASSERT_TRUE(store_->Await(one.sequence, Stage::kErased).ok());
  EXPECT_EQ(StageNow("r1"), Stage::kErased);
  EXPECT_EQ(StageNow("r2"), Stage::kErased) << "it was there when the erasure began";
  EXPECT_EQ(store_->pending_erasures(), 0U);
  ExpectFails(store_->Await(two.sequence + 1, Stage::kDurable).error(), ErrorCode::kUsage, "no such update");
  Reopen(store_);
  EXPECT_EQ(StageNow("r2"), Stage::kErased);
  Forget({Id(4)}, "r3");
  Reopen(store_);
  EXPECT_EQ(StageNow("r3"), Stage::kExact) << "opening has synced it, and erased nothing";
  EXPECT_EQ(store_->pending_erasures(), 1U);
}

TEST_F(JournalTest, WhereNothingLeftNothingIsToBeErased) {
  const Outcome learned = Must(store_->Learn(Row(0, 9'000), {.request_id = "l"}));
  ASSERT_TRUE(store_->Await(learned.sequence, Stage::kErased).ok());
  EXPECT_EQ(StageNow("l"), Stage::kErased);
}

TEST_F(JournalTest, ACheckpointWritesTheTreesThatChanged) {
  for (const std::size_t count : {1U, 2U, 20U}) {
    std::vector<RecordId> ids;
    for (std::size_t k = 0; k < count; ++k) ids.push_back(live_.ids[k * 7]);
    const Outcome outcome = Forget(ids);
    if (count == 1) {
      EXPECT_EQ(outcome.effect.trees, 3U) << "as many as hold a record";
    }
    const auto report = store_->Checkpoint();
    ASSERT_TRUE(report.ok()) << report.error().ToString();
    EXPECT_EQ(report->trees, outcome.effect.trees);
    EXPECT_GE(report->pages, report->trees);
    EXPECT_GT(report->bytes, 0U);
    const auto again = store_->Checkpoint();
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->trees + again->pages + again->bytes, 0U) << "nothing changed since";
    Reopen(store_);
    EXPECT_EQ(store_->Checkpoint()->trees, 0U) << "nor by opening";
    EXPECT_TRUE(EqualsTrained(*store_, live_));
  }
}

TEST_F(JournalTest, ACheckpointLetsGoOfRows) {
  Forget({Id(1), Id(2)});
  Correct(5, Id(3));
  store_.reset();
  EXPECT_EQ(Keys(Family::kPending), 3U) << "stored trees still hold them";
  store_ = Open();
  ASSERT_TRUE(store_->Checkpoint().ok());
  EXPECT_EQ(store_->pending_erasures(), 3U) << "their bytes are still in files";
  store_.reset();
  EXPECT_EQ(Keys(Family::kPending), 0U);
  store_ = Open();
  EXPECT_EQ(store_->pending_erasures(), 3U);
  EXPECT_TRUE(EqualsTrained(*store_, live_));
}

TEST_F(JournalTest, SlotsAreHeldUntilNoStoredTreeNamesThem) {
  const forest::Slot slot = *store_->model().records().Find(Id(9));
  Forget({Id(9)});
  for (int round = 0; round < 2; ++round) {
    for (RecordId k = 0; k < 20; ++k) Learn(k, 9'000 + 100 * static_cast<RecordId>(round) + k);
    EXPECT_FALSE(store_->model().records().Alive(slot)) << "no record may have it before a checkpoint";
    Reopen(store_);
  }
  ASSERT_TRUE(store_->Checkpoint().ok());
  const forest::Slot end = store_->model().records().slot_end();
  Learn(0, 9'900);
  EXPECT_EQ(store_->model().records().Find(9'900), slot) << "and then it is used again";
  EXPECT_EQ(store_->model().records().slot_end(), end);
  Reopen(store_);
  EXPECT_TRUE(EqualsTrained(*store_, live_));
}

// One record in every way between two checkpoints, opened again after each step or only at the end.
TEST_F(JournalTest, OneRecordManyTimesBetweenCheckpoints) {
  for (const bool reopen : {false, true}) {
    const auto step = [&](auto&& change) {
      change();
      if (reopen) Reopen(store_);
      EXPECT_TRUE(EqualsTrained(*store_, live_));
    };
    const RecordId fresh = reopen ? 9'001 : 9'000, old = Id(reopen ? 21 : 20);
    step([&] { Learn(0, fresh); });
    step([&] { Forget({fresh}); });
    step([&] { Learn(1, fresh); });
    step([&] { Correct(2, fresh); });
    step([&] { Correct(3, fresh); });
    step([&] { Forget({fresh}); });
    step([&] { Correct(4, old); });
    step([&] { Correct(5, old); });
    step([&] { Forget({old}); });
    step([&] { Learn(6, old); });
    step([&] { Forget({old}); });
    step([&] { Learn(7, old); });
    Reopen(store_);
    EXPECT_TRUE(EqualsTrained(*store_, live_));
    ASSERT_TRUE(store_->Checkpoint().ok());
    Reopen(store_);
    EXPECT_TRUE(EqualsTrained(*store_, live_));
  }
}

}  // namespace
}  // namespace hedgerow::storage
