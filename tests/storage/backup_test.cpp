// Backups: what is restored equals what grows from the records that are left, after every erasure that the live store
// made since; and where that cannot be known, nothing can be opened.
#include "storage/backup.h"

#include <atomic>
#include <thread>

#include "storage/description.h"
#include "storage/erasures.h"
#include "storage/restore.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

class BackupTest : public StoreTest {
 protected:
  void SetUp() override {
    std::mt19937_64 random(tests::Seed(41));
    data_ = People(random, {.records = 400});
    store_ = Create(data_);
    options_.backup = scratch_.Path("backup");
    options_.to = scratch_.Path("restored");
    options_.live = directory_;
  }
  void Forget(const std::vector<RecordId>& ids) {
    ForgetRequest request;
    request.records = ids;
    ASSERT_TRUE(store_->Forget(request).ok());
  }
  // Another row under the same id.
  Table Changed(std::size_t row) {
    Table table = tests::One(data_.table, row);
    const auto other = data_.table.row((row + 7) % data_.table.size());
    std::copy(other.begin(), other.end(), table.cells.begin());
    return table;
  }
  RestoreReport Restored() {
    auto report = Restore(options_, *executor_);
    HEDGEROW_CHECK(report.ok(), report.ok() ? "" : report.error().ToString());
    return *report;
  }
  StorePointer OpenRestored() {
    auto store = Store::Open(options_.to, OpenMode::kWrite, *executor_);
    HEDGEROW_CHECK(store.ok(), store.ok() ? "" : store.error().ToString());
    return std::move(*store);
  }
  void ExpectRefused(const std::string& word, ErrorCode code = ErrorCode::kStoreUnavailable) {
    const auto report = Restore(options_, *executor_);
    ASSERT_FALSE(report.ok());
    ExpectFails(report.error(), code, word);
    EXPECT_FALSE(std::filesystem::exists(options_.to));
  }

  tests::Data data_;
  StorePointer store_;
  RestoreOptions options_;
};

TEST_F(BackupTest, ErasuresAreAppliedAgain) {
  const auto& ids = data_.table.ids;
  Forget({ids[0], ids[1]});
  ASSERT_TRUE(MakeBackup(*store_, options_.backup).ok());
  Forget({ids[2], ids[3], ids[4]});
  ASSERT_TRUE(store_->Learn(tests::One(data_.table, 0)).ok());  // not in the backup
  ASSERT_TRUE(store_->Learn(tests::One(data_.table, 2)).ok());  // its earlier version is
  ASSERT_TRUE(store_->Correct(Changed(5)).ok());
  Forget({ids[0], ids[6]});
  const RestoreReport report = Restored();
  EXPECT_EQ(report.backup_sequence, 1U);
  EXPECT_EQ(report.sequence, store_->sequence());
  EXPECT_EQ(report.erased, 5U);   // 2, 3, 4, the old 5, 6
  EXPECT_EQ(report.missing, 2U);  // 2 and 5 as they are now
  const StorePointer restored = OpenRestored();
  EXPECT_TRUE(EqualsTrained(*restored, Without(data_.table, {ids[0], ids[1], ids[2], ids[3], ids[4], ids[5], ids[6]})));
  EXPECT_EQ(report.root, restored->Root());
  EXPECT_EQ(restored->pending_erasures(), 0U);
  // What was forgotten is known, and what was learned can be learned again.
  ForgetRequest again;
  again.records = {ids[0], ids[3]};
  EXPECT_EQ(restored->Forget(again)->already_forgotten.size(), 2U);
  EXPECT_TRUE(restored->Learn(tests::One(data_.table, 2)).ok());
}

TEST_F(BackupTest, RequestsAreKnownWhereTheirEffectIs) {
  ASSERT_TRUE(MakeBackup(*store_, options_.backup).ok());
  ForgetRequest request;
  request.records = {data_.table.ids[9]};
  request.options.request_id = "forget 9";
  ASSERT_TRUE(store_->Forget(request).ok());
  ASSERT_TRUE(store_->Learn(tests::One(data_.table, 9), {.request_id = "learn 9"}).ok());
  Restored();
  const StorePointer restored = OpenRestored();
  EXPECT_TRUE(restored->Forget(request)->repeated);
  EXPECT_EQ((*restored->StatusOf("forget 9"))->stage, Stage::kErased);
  const auto learned = restored->Learn(tests::One(data_.table, 9), {.request_id = "learn 9"});
  ASSERT_TRUE(learned.ok());
  EXPECT_FALSE(learned->repeated) << "the record is not there, so it must not be said that it is";
}

TEST_F(BackupTest, OfAClosedStoreAndByAList) {
  Forget({data_.table.ids[0]});
  store_.reset();
  const auto backup = MakeBackup(directory_, options_.backup);
  ASSERT_TRUE(backup.ok()) << backup.error().ToString();
  EXPECT_EQ(backup->sequence, 1U);
  EXPECT_EQ(backup->records, data_.table.size() - 1);
  store_ = Open();
  Forget({data_.table.ids[1]});
  const std::string list = scratch_.Path("list");
  ASSERT_TRUE(ExportErasures(directory_, 1, list).ok());
  options_.live.clear();
  options_.erasures = list;
  EXPECT_EQ(Restored().erased, 1U);
  EXPECT_TRUE(EqualsTrained(*OpenRestored(), Without(data_.table, {data_.table.ids[0], data_.table.ids[1]})));
}

// A list with any byte changed, or cut anywhere, is refused.
TEST_F(BackupTest, AListThatWasChanged) {
  ASSERT_TRUE(MakeBackup(*store_, options_.backup).ok());
  Forget({data_.table.ids[1]});
  const std::string path = scratch_.Path("list");
  ASSERT_TRUE(ExportErasures(directory_, 1, path).ok());
  const Secret secret = Describe(**OpenForReading(directory_), directory_)->header.secret;
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_TRUE(LoadErasures(path, secret).ok());
  const auto with = [&](const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
    return LoadErasures(path, secret).ok();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    ASSERT_FALSE(with(changed)) << i;
    ASSERT_FALSE(with(text.substr(0, i))) << i;
  }
  EXPECT_FALSE(with(text + "\n"));
}

TEST_F(BackupTest, RefusesWhenItCannotKnow) {
  Forget({data_.table.ids[0]});
  Forget({data_.table.ids[1]});
  ASSERT_TRUE(MakeBackup(*store_, options_.backup).ok());
  EXPECT_EQ(Store::Open(options_.backup, OpenMode::kRead, *executor_).error().code, ErrorCode::kStoreUnavailable);
  Forget({data_.table.ids[2]});
  const std::string list = scratch_.Path("list");
  ASSERT_TRUE(ExportErasures(directory_, 3, list).ok());
  options_.live.clear();
  ExpectRefused("known", ErrorCode::kUsage);
  options_.erasures = list;
  ExpectRefused("begins with update 3");
  options_.erasures.clear();
  // Another store.
  options_.live = scratch_.Path("other");
  auto other = Store::Create(options_.live, Train({.seed = 6, .trees = 4, .occupancy = 3}, data_.schema, data_.table),
                             data_.table, *executor_);
  ASSERT_TRUE(other.ok());
  ExpectRefused("another store");
  // Somebody states that nothing was erased.
  options_.live.clear();
  options_.none_since = true;
  EXPECT_EQ(Restored().records, data_.table.size() - 2);
  EXPECT_TRUE(EqualsTrained(*OpenRestored(), Without(data_.table, {data_.table.ids[0], data_.table.ids[1]})));
}

// After a restore there are two histories. A backup of one must not take its erasures from the other.
TEST_F(BackupTest, AnotherHistory) {
  const std::string early = scratch_.Path("early");
  ASSERT_TRUE(MakeBackup(*store_, early).ok());
  Forget({data_.table.ids[0]});
  Forget({data_.table.ids[1]});
  ASSERT_TRUE(MakeBackup(*store_, options_.backup).ok());
  RestoreOptions first{early, scratch_.Path("first"), "", "", true};
  ASSERT_TRUE(Restore(first, *executor_).ok());
  options_.live = first.to;
  ExpectRefused("ends at update 0");
  {
    auto store = Store::Open(first.to, OpenMode::kWrite, *executor_);
    ASSERT_TRUE(store.ok());
    for (const std::size_t i : {7U, 8U, 9U}) {
      ForgetRequest request;
      request.records = {data_.table.ids[i]};
      ASSERT_TRUE((*store)->Forget(request).ok());
    }
  }
  ExpectRefused("its own way");
  // A store that was restored with the live one's journal has the live one's history.
  RestoreOptions second{early, scratch_.Path("second"), directory_, "", false};
  ASSERT_TRUE(Restore(second, *executor_).ok());
  options_.live = second.to;
  EXPECT_EQ(Restored().missing, 0U);
}

TEST_F(BackupTest, AnInterruptedRestoreIsNoStore) {
  ASSERT_TRUE(MakeBackup(*store_, options_.backup).ok());
  Restored();
  ASSERT_TRUE(WriteFileDurably(options_.to, kRestoringMarker, "").ok());
  const auto opened = Store::Open(options_.to, OpenMode::kRead, *executor_);
  ASSERT_FALSE(opened.ok());
  ExpectFails(opened.error(), ErrorCode::kStoreUnavailable, "restore");
}

// Whatever moment a backup is of, it is a whole one.
TEST_F(BackupTest, WhileUpdatesGoOn) {
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (std::size_t i = 0; !stop && i + 1 < data_.table.size(); i += 2) {
      ForgetRequest request;
      request.records = {data_.table.ids[i]};
      request.options.with_roots = false;
      EXPECT_TRUE(store_->Forget(request).ok());
      if (i % 20 == 0) {
        EXPECT_TRUE(store_->Compact().ok());
      }
    }
  });
  std::vector<std::string> backups;
  for (int i = 0; i < 8; ++i) {
    const std::string path = scratch_.Path("backup" + std::to_string(i));
    const auto report = i % 2 == 0 ? MakeBackup(*store_, path) : MakeBackup(directory_, path);
    // From outside it may meet a compaction too often, and says so.
    if (report) {
      backups.push_back(path);
    } else {
      EXPECT_NE(i % 2, 0) << report.error().ToString();
    }
  }
  stop = true;
  writer.join();
  for (const std::string& backup : backups) {
    options_.backup = backup;
    options_.to = backup + "-restored";
    EXPECT_EQ(Restored().root, store_->Root());
  }
}

}  // namespace
}  // namespace hedgerow::storage
