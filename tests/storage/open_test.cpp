// Proves who may open what: stores that are missing, unfinished, of another version, in use or no stores at all are
// refused with a reason and stay as they are; readers get in beside a writer and see the state of that moment.
#include <algorithm>

#include "storage/database.h"
#include "storage/keys.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

class StoreOpenTest : public StoreTest {
 protected:
  tests::Data Some() {
    std::mt19937_64 random(tests::Seed(83));
    return People(random, {200, 4, 2});
  }
  void ExpectRefused(ErrorCode code, const std::string& word) {
    for (const OpenMode mode : {OpenMode::kRead, OpenMode::kWrite}) {
      const auto store = TryOpen(mode);
      ASSERT_FALSE(store.ok());
      ExpectFails(store.error(), code, word);
    }
  }
  void WriteMarkerText(const std::string& text) { std::ofstream(directory_ + "/HEDGEROW", std::ios::binary) << text; }
};

TEST_F(StoreOpenTest, RefusesWhatIsNoStore) {
  ExpectRefused(ErrorCode::kStoreUnavailable, "there is no store");
  EXPECT_FALSE(std::filesystem::exists(directory_)) << "looking for a store makes none";
  std::filesystem::create_directory(directory_);
  ExpectRefused(ErrorCode::kStoreUnavailable, "not a store");
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
  for (const char* text : {"", "hello", "hedgerow store", "HEDGEROW STORE\nversion 1\n"}) {
    WriteMarkerText(text);
    ExpectRefused(ErrorCode::kStoreUnavailable, "not a store");
  }
  std::filesystem::remove_all(directory_);
  std::ofstream(directory_, std::ios::binary) << "a file";
  ExpectRefused(ErrorCode::kStoreUnavailable, "not a store");
}

TEST_F(StoreOpenTest, RefusesAnotherVersion) {
  Create(Some());
  for (const char* version : {"0", "1", "4", "20", "-1", "1.0", "", "18446744073709551617", "x"}) {
    WriteMarkerText(fmt::format("hedgerow store\nversion {}\n", version));
    ExpectRefused(ErrorCode::kStoreUnavailable, "version");
  }
  WriteMarkerText(fmt::format("hedgerow store\nversion {}\n", kStoreVersion));
  EXPECT_TRUE(TryOpen().ok());
}

TEST_F(StoreOpenTest, RefusesAStoreThatWasNeverFinished) {
  Create(Some());
  std::filesystem::remove(directory_ + "/HEDGEROW");
  ExpectRefused(ErrorCode::kStoreUnavailable, "never finished");
}

TEST_F(StoreOpenTest, AMarkerWithoutADatabaseIsDamage) {
  Create(Some());
  std::filesystem::remove_all(DatabasePath(directory_));
  const auto read = TryOpen(OpenMode::kRead), write = TryOpen(OpenMode::kWrite);
  ASSERT_FALSE(read.ok() || write.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kStoreDamaged) << read.error().ToString();
  EXPECT_EQ(write.error().code, ErrorCode::kStoreDamaged) << write.error().ToString();
}

TEST_F(StoreOpenTest, DoesNotMakeAStoreOverSomething) {
  const tests::Data data = Some();
  const auto create = [&] {
    return Store::Create(directory_, Train({.trees = 2, .occupancy = 1}, data.schema, data.table), data.table,
                         *executor_);
  };
  std::filesystem::create_directory(directory_);
  scratch_.Write("store/letter.txt", "hello");
  ExpectFails(create().error(), ErrorCode::kStoreUnavailable, "something already");
  EXPECT_EQ(scratch_.Read("store/letter.txt"), "hello");
  EXPECT_EQ(Contents(directory_).size(), 1U);
  std::filesystem::remove(scratch_.Path("store/letter.txt"));
  EXPECT_TRUE(create().ok()) << "an empty directory will do";
  const auto before = Contents(directory_);
  ExpectFails(create().error(), ErrorCode::kStoreUnavailable, "something already");
  EXPECT_EQ(Contents(directory_), before);
  directory_ = scratch_.Write("file", "x");
  ExpectFails(create().error(), ErrorCode::kStoreUnavailable, "something already");
  directory_ += "/below a file";
  ExpectFails(create().error(), ErrorCode::kIo, "directory");
  directory_ = scratch_.Path("a/new/path");
  EXPECT_TRUE(create().ok()) << "parents are made";
}

TEST_F(StoreOpenTest, OneWriterAtATime) {
  const tests::Data data = Some();
  StorePointer writer = Create(data);
  const auto second = TryOpen();
  ASSERT_FALSE(second.ok());
  ExpectFails(second.error(), ErrorCode::kStoreUnavailable, "open");
  ASSERT_TRUE(writer->Forget({.records = {data.table.ids[0]}}).ok()) << "the first one goes on";
  Reopen(writer);
  EXPECT_TRUE(EqualsTrained(*writer, Without(data.table, {data.table.ids[0]})));
}

TEST_F(StoreOpenTest, ReadersSeeTheMomentInWhichTheyOpen) {
  const tests::Data data = Some();
  StorePointer writer = Create(data);
  const RecordId gone = data.table.ids[17];
  const StorePointer before = Open(OpenMode::kRead);
  ASSERT_TRUE(writer->Forget({.records = {gone}}).ok());
  const StorePointer after = Open(OpenMode::kRead);
  EXPECT_TRUE(EqualsTrained(*before, data.table));
  EXPECT_TRUE(EqualsTrained(*after, Without(data.table, {gone})))
      << "what is acknowledged is there, though not yet in tables";
  for (Store* reader : {before.get(), after.get()}) {
    ExpectFails(reader->Forget({.records = {data.table.ids[1]}}).error(), ErrorCode::kUsage, "reading");
    ExpectFails(reader->Learn(data.table).error(), ErrorCode::kUsage, "reading");
    ExpectFails(reader->Correct(data.table).error(), ErrorCode::kUsage, "reading");
  }
  ASSERT_TRUE(writer->Forget({.records = {data.table.ids[1]}}).ok());
  EXPECT_TRUE(EqualsTrained(*before, data.table));
}

// Ids and names stand in no key, since keys outlive values in RocksDB's manifest; and names stand nowhere at all.
TEST_F(StoreOpenTest, KeysTellNobody) {
  tests::Data data = Some();
  const std::uint64_t marker_id = 0x5152535455565758;
  data.table.ids[5] = marker_id;
  data.table.subjects[5] = "MARKER-PERSON";
  StorePointer store = Create(data);
  Table late = tests::One(data.table, 9);
  late.ids = {marker_id + 1};
  late.subjects = {"MARKER-PERSON"};
  ASSERT_TRUE(store->Learn(late).ok());
  ASSERT_TRUE(store->Forget({.records = {marker_id}}).ok());
  store.reset();
  for (const auto& [path, content] : Contents(directory_))
    EXPECT_EQ(content.find("MARKER-PERSON"), std::string::npos) << path;

  const auto database = Database::Open(DatabasePath(directory_), Database::Mode::kRead);
  ASSERT_TRUE(database.ok());
  std::size_t keys = 0;
  for (std::size_t family = 0; family < kFamilies; ++family) {
    const Status status =
        (*database)->ForEach(static_cast<Family>(family), "", [&](std::string_view key, std::string_view) {
          ++keys;
          EXPECT_EQ(key.find("TUVWX"), std::string_view::npos);
          EXPECT_EQ(key.find("XWVUT"), std::string_view::npos);
          EXPECT_EQ(key.find(std::to_string(marker_id)), std::string_view::npos);
          return Status();
        });
    EXPECT_TRUE(status.ok());
  }
  EXPECT_GT(keys, data.table.size());
  for (const auto& [path, content] : Contents(directory_)) {
    if (path.find("MANIFEST") == std::string::npos) continue;
    EXPECT_EQ(content.find("TUVWX"), std::string::npos) << path;
    EXPECT_EQ(content.find("XWVUT"), std::string::npos) << path;
  }
}

// What a forget leaves in the store: no record, no index entry, no page too many.
TEST_F(StoreOpenTest, KeepsNoKeyOfWhatIsGone) {
  const tests::Data data = Some();
  StorePointer store = Create(data);
  ASSERT_TRUE(store->Forget({.records = data.table.ids}).ok());
  store.reset();
  const auto database = Database::Open(DatabasePath(directory_), Database::Mode::kRead);
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(*(*database)->CountKeys(Family::kRecords), 0U);
  EXPECT_EQ(*(*database)->CountKeys(Family::kSubjects), 0U);
  EXPECT_EQ(*(*database)->CountKeys(Family::kPages), 4U) << "an empty root a tree";
}

}  // namespace
}  // namespace hedgerow::storage
