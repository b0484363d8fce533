// A log that is read from elsewhere: the same as from its folder; and what a source that lies or fails is found out by.
#include <map>

#include "storage/bytes.h"
#include "storage/evidence/log_search.h"
#include "storage/receipts.h"
#include "tests/storage/evidence/log_fixture.h"

namespace hedgerow::storage {
namespace {

// Passes on what a folder has, as a server does that has come further than the checkpoint; and spoils it.
class Relay final : public LogSource {
 public:
  explicit Relay(LogFiles files) : files_(std::move(files)) {}
  const std::string& place() const override { return place_; }
  Result<std::string> ReadBundle(std::uint64_t index, std::uint64_t /*width*/) const override {
    return Spoil(files_.ReadBundleFile(index));
  }
  Result<std::string> ReadHashes(const Tile& tile, std::uint64_t /*width*/) const override {
    return Spoil(files_.ReadTileFile(tile));
  }

  std::function<void(std::string&)> spoil = [](std::string&) {};

 private:
  Result<std::string> Spoil(Result<std::string> bytes) const {
    if (bytes) spoil(*bytes);
    return bytes;
  }
  const std::string place_ = "somewhere";
  LogFiles files_;
};

class LogSourceTest : public LogTest {
 protected:
  // As of an older checkpoint, from a source that has more.
  LogFiles Older(const std::shared_ptr<Relay>& relay) const { return *LogFiles::From(relay, older_, keys_); }

  void SetUp() override {
    LogTest::SetUp();
    Story(0, 20);
    older_ = Slurp(CheckpointPath());
    keys_ = Slurp(directory_ + "/log/keys");
    Story(20, 80);
  }
  std::string older_, keys_;
};

TEST_F(LogSourceTest, IsTheLogOfItsCheckpoint) {
  const auto relay = std::make_shared<Relay>(*LogFiles::Open(directory_));
  const LogFiles older = Older(relay), newest = *LogFiles::Open(directory_);
  ASSERT_EQ(older.size(), 61U);
  ASSERT_GT(newest.size(), 256U);
  std::uint64_t count = 0;
  ASSERT_TRUE(older
                  .ForEach(0,
                           [&](std::uint64_t index, std::string_view entry) -> Status {
                             EXPECT_EQ(index, count++);
                             EXPECT_EQ(entry, *newest.Entry(index));
                             return {};
                           })
                  .ok());
  EXPECT_EQ(count, older.size());
  EXPECT_EQ(older.ReadTileFile({0, 0})->size(), 61 * sizeof(Hash));
  EXPECT_TRUE(AuditLog(older, {})->ok());
  EXPECT_FALSE(AuditLog(older, {})->with_store);
  const auto receipt = older.Prove(60, std::nullopt);
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(CheckReceipt(receipt->ToText(), older.keys(), {}).checkpoint.size, 61U);
  EXPECT_EQ(CheckReceipt(receipt->ToText(), older.keys(), {}).problem, "");
}

// An export has what belongs to its checkpoint, whatever else the folder holds by now.
TEST_F(LogSourceTest, AnExportIsTheSameFromEverywhere) {
  const auto relay = std::make_shared<Relay>(*LogFiles::Open(directory_));
  ASSERT_TRUE(ExportLog(Older(relay), "parameters", scratch_.Path("old")).ok());
  ASSERT_TRUE(ExportLog(*LogFiles::Open(directory_), "parameters", scratch_.Path("new")).ok());
  ASSERT_TRUE(ExportLog(directory_, scratch_.Path("here"), /*with_data=*/false).ok());
  std::map<std::string, std::map<std::string, std::string>> found;
  for (const char* name : {"old", "new", "here"}) {
    const std::string folder = scratch_.Path(name) + "/log";
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
      if (!file.is_regular_file()) continue;
      found[name][std::filesystem::relative(file.path(), folder).string()] = Slurp(file.path().string());
    }
  }
  EXPECT_EQ(found["new"], found["here"]);
  EXPECT_EQ(found["old"].size(), 4U) << "a checkpoint, keys, a bundle, a tile";
  EXPECT_EQ(found["new"].size(), 7U) << "two bundles, two tiles of the lowest level, one above";
  EXPECT_EQ(found["old"]["checkpoint"], older_);
  for (const char* name : {"old", "new"}) {
    const auto report = AuditLog({.directory = scratch_.Path(name), .keys = {}, .earlier = {older_}, .progress = {}});
    EXPECT_TRUE(report.ok() && Right(*report)) << name;
  }
  EXPECT_FALSE(ExportLog(Older(relay), "", scratch_.Path("old")).ok()) << "there is something";
  relay->spoil = [](std::string& bytes) { bytes.pop_back(); };
  EXPECT_EQ(ExportLog(Older(relay), "", scratch_.Path("cut")).error().code, ErrorCode::kStoreDamaged);
  EXPECT_FALSE(std::filesystem::exists(scratch_.Path("cut"))) << "no half of an export";
}

TEST_F(LogSourceTest, WhatIsCutOrChangedIsFound) {
  const auto relay = std::make_shared<Relay>(*LogFiles::Open(directory_));
  const LogFiles log = Older(relay);
  const auto nothing = [](std::uint64_t, std::string_view) -> Status { return {}; };
  for (const auto& spoil : std::vector<std::function<void(std::string&)>>{
           [](std::string& bytes) { bytes.clear(); }, [](std::string& bytes) { bytes.resize(31); },
           [](std::string& bytes) { bytes = std::string(100'000, '\xff'); }}) {
    relay->spoil = spoil;
    EXPECT_EQ(log.ForEach(0, nothing).error().code, ErrorCode::kStoreDamaged);
    EXPECT_EQ(log.Entry(3).error().code, ErrorCode::kStoreDamaged);
    EXPECT_FALSE(AuditLog(log, {})->ok());
  }
  // A bit of an entry, or of a hash.
  relay->spoil = [](std::string& bytes) { bytes[100] = static_cast<char>(bytes[100] ^ 1); };
  EXPECT_FALSE(AuditLog(log, {})->ok());
  EXPECT_NE(CheckReceipt(log.Prove(2, std::nullopt)->ToText(), log.keys(), {}).problem, "");
  EXPECT_EQ(LogFiles::From(relay, "no checkpoint", keys_).error().code, ErrorCode::kStoreDamaged);
}

TEST_F(LogSourceTest, ReceiptsOfAStage) {
  const StorePointer store = Open();
  const Outcome outcome = Forget(*store, 110);
  const std::uint64_t before = LogFiles::Open(directory_)->size();
  const auto check = [&](Stage stage, const std::string& expected) {
    const auto receipts = MakeReceipts(*store, directory_, outcome.sequence, stage, outcome.commitment.OpenAll());
    ASSERT_TRUE(receipts.ok()) << receipts.error().ToString();
    ASSERT_EQ(receipts->last.size(), 1U);
    const auto found = CheckReceipt(receipts->last.front().ToText(), LogFiles::Open(directory_)->keys(),
                                    Identity{true, std::to_string(data_.table.ids[110])});
    EXPECT_EQ(found.problem, "");
    EXPECT_EQ(found.entry->Get("stage"), expected);
  };
  check(Stage::kUnlearned, "unlearned");
  const std::uint64_t signed_once = LogFiles::Open(directory_)->size();
  EXPECT_GT(signed_once, before) << "it was signed for the receipt";
  check(Stage::kUnlearned, "unlearned");
  check(Stage::kExact, "exact");
  EXPECT_EQ(LogFiles::Open(directory_)->size(), signed_once) << "and need not be again";
  ASSERT_TRUE(store->Await(outcome.sequence, Stage::kErased).ok());
  check(Stage::kErased, "erased");
  const auto other = Forget(*store, 111);
  EXPECT_EQ(MakeReceipts(*store, directory_, other.sequence, Stage::kExact, outcome.commitment.OpenAll()).error().code,
            ErrorCode::kBadInput);
  EXPECT_EQ(MakeReceipts(*store, directory_, 0, Stage::kExact, {}).error().code, ErrorCode::kUsage);
  EXPECT_EQ(MakeReceipts(*store, directory_, 9'999, Stage::kExact, {}).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace hedgerow::storage
