// Proves that an audit names what is wrong with a log that somebody has changed: entries edited, deleted, swapped,
// files missing, another key, an older copy of the store; and that an operator who signs a rewritten log anew is found
// out by whoever has kept a checkpoint or a receipt.
#include "storage/bytes.h"
#include "storage/codec.h"
#include "storage/database.h"
#include "storage/sealed.h"
#include "tests/storage/evidence/log_fixture.h"

namespace hedgerow::storage {
namespace {

namespace fs = std::filesystem;

class TamperTest : public LogTest {
 protected:
  void SetUp() override {
    LogTest::SetUp();
    early_ = Slurp(CheckpointPath());
    Story(0, 40);
    healthy_ = scratch_.Path("healthy");
    fs::copy(directory_, healthy_, fs::copy_options::recursive);
    ASSERT_TRUE(Right(Audit({early_})));
  }
  void Heal() {
    fs::remove_all(directory_);
    fs::copy(healthy_, directory_, fs::copy_options::recursive);
  }
  std::string Path(const std::string& name) const { return directory_ + "/log/" + name; }
  std::uint64_t Size() const { return LogFiles::Open(directory_)->size(); }
  std::string BundleFile() const { return Path(BundlePath(0, Size())); }

  // Changes the entries in the bundle.
  void EditBundle(const std::function<void(std::vector<std::string>&)>& edit) {
    const std::string file = BundleFile(), bundle = Slurp(file);
    std::vector<std::string> entries;
    const auto parsed = EntriesOf(bundle);
    for (const std::string_view entry : *parsed) entries.emplace_back(entry);
    edit(entries);
    std::string changed;
    for (const std::string& entry : entries) AppendToBundle(entry, changed);
    Spill(file, changed);
  }
  static void Replace(std::string& text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  }

  // What an operator with the key can do: other entries, with right hashes and a right signature.
  void RewriteAndSign(const std::function<void(std::vector<std::string>&)>& edit) {
    const Checkpoint old = LogFiles::Open(directory_)->checkpoint();
    EditBundle(edit);
    const std::string bundle = Slurp(BundleFile());
    std::vector<Hash> leaves;
    std::string tile;
    const auto parsed = EntriesOf(bundle);
    for (const std::string_view entry : *parsed) {
      leaves.push_back(LeafHash(entry));
      tile.append(BytesOf(leaves.back()));
    }
    const std::string before = BundleFile();
    fs::remove(Path(TilePath({0, 0}, old.size)));
    SignedNote note{Checkpoint{old.origin, leaves.size(), TreeHashOf(leaves)}.ToText(), {}};
    const std::string line = Slurp(directory_ + "/log.key");
    SignNote(*NoteSigner::Parse(line.substr(0, line.size() - 1)), note);
    Spill(CheckpointPath(), note.ToText());
    if (BundleFile() != before) fs::rename(before, BundleFile());
    Spill(Path(TilePath({0, 0}, leaves.size())), tile);
    fs::remove_all(directory_ + "/db");  // as in a copy that is shown to others
  }

  Result<std::unique_ptr<Database>> OpenDatabase() {
    return Database::Open(DatabasePath(directory_), Database::Mode::kWrite);
  }

  std::string early_, healthy_;
};

TEST_F(TamperTest, AnEditedEntry) {
  EditBundle([](auto& entries) { Replace(entries[5], "records 1", "records 2"); });
  ExpectProblem("hash 5 is not that of the entries");
  ExpectProblem("the checkpoint's hash is not that of the entries");
  ExpectProblem("entry 5: the files have another one than the database");
  ExpectProblem("tells of update 5 otherwise");
}

TEST_F(TamperTest, ADeletedEntry) {
  EditBundle([](auto& entries) { entries.erase(entries.begin() + 7); });
  ExpectProblem("a bundle of entries is cut or changed");
  Heal();
  EditBundle([](auto& entries) {
    entries.erase(entries.begin() + 7);
    entries.push_back(entries.back());
  });
  ExpectProblem("update 8 follows update 6");
  ExpectProblem("hash 7 is not that of the entries");
}

TEST_F(TamperTest, SwappedEntries) {
  EditBundle([](auto& entries) { std::swap(entries[3], entries[4]); });
  ExpectProblem("update 4 follows update 2");
  ExpectProblem("hash 3 is not that of the entries");
}

TEST_F(TamperTest, AMissingOrCutFile) {
  fs::remove(BundleFile());
  ExpectProblem("a file of the log is missing");
  Heal();
  const std::string tile = Path(TilePath({0, 0}, Size()));
  fs::remove(tile);
  ExpectProblem("a file of the log is missing");
  Heal();
  fs::resize_file(tile, 64);
  ExpectProblem("a tile of the log is too short");
  Heal();
  std::string content = Slurp(tile);
  content[9 * 32 + 4] = static_cast<char>(content[9 * 32 + 4] ^ 1);
  Spill(tile, content);
  ExpectProblem("hash 9 is not that of the entries");
  Heal();
  fs::remove(CheckpointPath());
  ExpectProblem("there is no log with a checkpoint");
  Spill(CheckpointPath(), "nothing\n");
  ExpectProblem("the checkpoint of the log is not one");
}

TEST_F(TamperTest, AnotherKey) {
  const Checkpoint checkpoint = LogFiles::Open(directory_)->checkpoint();
  SignedNote note{checkpoint.ToText(), {}};
  SignNote(NoteSigner::Make(checkpoint.origin), note);
  Spill(CheckpointPath(), note.ToText());
  ExpectProblem("not signed by the log's key");
  Heal();
  std::string text = Slurp(CheckpointPath());
  const std::size_t at = text.size() - 20;
  text[at] = text[at] == 'A' ? 'B' : 'A';
  Spill(CheckpointPath(), text);
  ExpectProblem("a signature of the checkpoint is wrong");
  Heal();
  const AuditReport report = Audit({}, {NoteSigner::Make(checkpoint.origin).key()});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.problems[0], "none of the keys that were given is a key of this log");
}

// The whole directory is put back: by itself it is in order, and only who has kept something sees it.
TEST_F(TamperTest, AnOlderCopyOfTheStore) {
  const std::string older = scratch_.Path("older");
  fs::copy(directory_, older, fs::copy_options::recursive);
  Story(60, 3);
  const std::string kept = Slurp(CheckpointPath());
  fs::remove_all(directory_);
  fs::rename(older, directory_);
  EXPECT_TRUE(Right(Audit()));
  ExpectProblem("the log was rolled back", {kept});
  // And when it goes on, its log is another one.
  Story(70, 5);
  EXPECT_TRUE(Right(Audit({early_})));
  ExpectProblem("the log was rewritten", {kept});
}

// The database alone is put back: the store itself notices, and does not answer.
TEST_F(TamperTest, AnOlderDatabase) {
  const std::string older = scratch_.Path("older");
  fs::copy(directory_ + "/db", older, fs::copy_options::recursive);
  Story(60, 3);
  fs::remove_all(directory_ + "/db");
  fs::rename(older, directory_ + "/db");
  for (const OpenMode mode : {OpenMode::kRead, OpenMode::kWrite}) {
    const auto refused = TryOpen(mode);
    ASSERT_FALSE(refused.ok());
    ExpectFails(refused.error(), ErrorCode::kStoreDamaged, "older than the log's checkpoint");
  }
  ExpectProblem("the store was rolled back");
}

TEST_F(TamperTest, AnOperatorWhoSignsAnew) {
  const std::string kept = Slurp(CheckpointPath());
  const auto receipt = LogFiles::Open(directory_)->Prove(4, std::nullopt);
  ASSERT_TRUE(receipt.ok());
  RewriteAndSign([](auto& entries) {
    for (std::string& entry : entries) {
      if (entry.find("\nsequence 9\n") != std::string::npos) Replace(entry, "ground none", "ground art17-1-a");
    }
  });
  EXPECT_TRUE(Right(Audit())) << "by itself it is in order";
  ExpectProblem("the log was rewritten", {kept});
  ExpectProblem("the log was rewritten", {receipt->ToText()});
  EXPECT_TRUE(Right(Audit({early_}))) << "what was before is as it was";
}

// A checkpoint that is no earlier one of this log tells nothing, and is not taken for one.
TEST_F(TamperTest, AFalseEarlierCheckpoint) {
  ExpectProblem("an earlier checkpoint is none", {"nothing"});
  SignedNote note{LogFiles::Open(directory_)->checkpoint().ToText(), {}};
  SignNote(NoteSigner::Make("somebody"), note);
  ExpectProblem("is not signed by the log's key", {note.ToText()});
}

TEST_F(TamperTest, AnErasedRecordIsBack) {
  std::string row_key, row;
  {
    const auto database = OpenDatabase();
    const Status status = (*database)->ForEach(Family::kRecords, "", [&](std::string_view key, std::string_view value) {
      const auto record = DecodeRecord(*Unseal(key, value), 4, 2);
      if (record->id == data_.table.ids[50]) row_key = key, row = *Unseal(key, value);
      return Status();
    });
    ASSERT_TRUE(status.ok());
  }
  ASSERT_FALSE(row.empty());
  Story(50, 1);
  {
    const auto database = OpenDatabase();
    Database::Batch batch(**database);
    PutSealed(Family::kRecords, row_key, row, batch);
    ASSERT_TRUE((*database)->Write(batch, /*sync=*/true).ok());
  }
  ExpectProblem("1 erased record(s) are in the store");
  ExpectProblem("by the log it should have 79");
}

TEST_F(TamperTest, ARecordIsMissing) {
  {
    const auto database = OpenDatabase();
    std::string first;
    const Status status = (*database)->ForEach(Family::kRecords, "", [&](std::string_view key, std::string_view) {
      if (first.empty()) first = key;
      return Status();
    });
    ASSERT_TRUE(status.ok());
    Database::Batch batch(**database);
    batch.Delete(Family::kRecords, first);
    ASSERT_TRUE((*database)->Write(batch, /*sync=*/true).ok());
  }
  ExpectProblem("the store has 79 records, and should have 80");
}

}  // namespace
}  // namespace hedgerow::storage
