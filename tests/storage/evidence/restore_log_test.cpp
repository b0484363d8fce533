// Proves that a restored store has a log of its own, which begins with the entries of the one before and says so; and
// that neither of the two can be taken for the other, whichever goes on.
#include "storage/backup.h"
#include "storage/erasures.h"
#include "storage/restore.h"
#include "tests/storage/evidence/log_fixture.h"

namespace hedgerow::storage {
namespace {

class RestoreLogTest : public LogTest {
 protected:
  void SetUp() override {
    LogTest::SetUp();
    Story(0, 5);
    ASSERT_TRUE(MakeBackup(directory_, backup_).ok());
    Story(10, 4);
    origin_ = LogFiles::Open(directory_)->checkpoint().origin;
    kept_ = Slurp(CheckpointPath());
    live_ = directory_;
  }
  void Restore(RestoreOptions options) {
    options.backup = backup_;
    options.to = directory_ = scratch_.Path("restored");
    const auto report = storage::Restore(options, *executor_);
    ASSERT_TRUE(report.ok()) << report.error().ToString();
  }
  LogEntry Restored() const {
    for (const LogEntry& entry : Entries()) {
      if (entry.type == LogEntryType::kRestored) return entry;
    }
    return {};
  }

  std::string backup_ = scratch_.Path("backup"), origin_, kept_, live_;
};

TEST_F(RestoreLogTest, WithTheLiveStoreItsLogIsContinued) {
  RestoreOptions options;
  options.live = live_;
  Restore(options);
  EXPECT_TRUE(Right(Audit({kept_}))) << "a checkpoint of the old log is one of the new log's past";
  const LogEntry entry = Restored();
  EXPECT_EQ(entry.Get("from-origin"), origin_);
  EXPECT_NE(entry.Get("origin"), origin_);
  EXPECT_EQ(entry.Get("erasures"), "live");
  EXPECT_EQ(entry.Number("backup-sequence"), 5U);
  EXPECT_EQ(entry.Number("logged-sequence"), 9U);
  EXPECT_EQ(entry.Number("from-size"), ParseCheckpoint(ParseNote(kept_)->text)->size);
  EXPECT_EQ(Audit().unlogged, 0U);
  // Both go on, and neither is the other.
  Story(20, 3);
  EXPECT_TRUE(Right(Audit({kept_})));
  const std::string of_restored = Slurp(CheckpointPath());
  directory_ = live_;
  Story(30, 3);
  EXPECT_TRUE(Right(Audit({kept_})));
  ExpectProblem("is not signed by the log's key", {of_restored});
}

TEST_F(RestoreLogTest, WithAListTheLogSaysWhatItLacks) {
  const std::string list = scratch_.Path("list");
  ASSERT_TRUE(ExportErasures(live_, 1, list).ok());
  RestoreOptions options;
  options.erasures = list;
  Restore(options);
  const AuditReport report = Audit();
  EXPECT_TRUE(Right(report));
  EXPECT_EQ(report.unlogged, 4U) << "what was erased after the backup stands in the lost log";
  EXPECT_EQ(Restored().Get("erasures"), "list");
  ExpectProblem("the log was rolled back", {kept_});
  Story(20, 2);
  EXPECT_EQ(Audit().erased, 7U);
}

TEST_F(RestoreLogTest, WithoutAnythingTheStatementIsInTheLog) {
  RestoreOptions options;
  options.none_since = true;
  Restore(options);
  EXPECT_TRUE(Right(Audit()));
  EXPECT_EQ(Restored().Get("erasures"), "none-since");
  EXPECT_EQ(Restored().Number("sequence"), 5U);
}

}  // namespace
}  // namespace hedgerow::storage
