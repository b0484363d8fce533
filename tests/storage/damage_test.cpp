// Proves that a damaged store is refused and never crashes the program: bytes are flipped all over every file, files
// are removed and cut, and sealed values are moved to other keys. What opens all the same is the store as it was last,
// or, where the log ends early as after a power failure, as it was after an earlier update; never a mixture.
#include <algorithm>
#include <set>

#include "storage/bytes.h"
#include "storage/codec.h"
#include "storage/database.h"
#include "storage/keys.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

namespace fs = std::filesystem;

class DamageTest : public StoreTest {
 protected:
  void SetUp() override {
    data_ = People(random_, {260, 4, 2});
    StorePointer store = Create(data_);
    roots_.push_back(store->Root());
    Reopen(store);  // so that there are table files and a log
    for (const std::size_t i : {0U, 100U, 200U}) {
      ASSERT_TRUE(store->Forget({.records = {data_.table.ids[i]}}).ok());
      roots_.push_back(store->Root());
    }
    store.reset();
    healthy_ = directory_;
  }

  // A fresh copy of the store, which `directory_` names from now on.
  void Copy() {
    directory_ = scratch_.Path("damaged");
    fs::remove_all(directory_);
    fs::copy(healthy_, directory_, fs::copy_options::recursive);
  }

  // Files but RocksDB's protocol, by their paths within the store.
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& [path, content] : Contents(healthy_)) files.push_back(path.substr(healthy_.size()));
    return files;
  }

  void FlipByte(const std::string& name, std::uintmax_t at, char mask) {
    std::fstream file(directory_ + name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ mask));
    ASSERT_TRUE(file.good());
  }

  // Opens what is left. Whether it was refused; if not, its root must be the one of these.
  bool Refused(OpenMode mode, const std::set<forest::Digest>& allowed) {
    auto store = TryOpen(mode);
    if (store.ok()) {
      EXPECT_TRUE(allowed.contains((*store)->Root())) << "it opens as something that it must not be";
      return false;
    }
    const ErrorCode code = store.error().code;
    EXPECT_TRUE(code == ErrorCode::kStoreDamaged || code == ErrorCode::kStoreUnavailable || code == ErrorCode::kIo)
        << store.error().ToString();
    EXPECT_FALSE(store.error().remedy.empty());
    return true;
  }

  std::mt19937_64 random_{tests::Seed(84)};
  tests::Data data_;
  std::string healthy_;
  std::vector<forest::Digest> roots_;  // after each update
};

TEST_F(DamageTest, FlippedBytesAreNoticedOrDoNotMatter) {
  std::size_t refused = 0, tables = 0, refused_tables = 0;
  for (const std::string& name : Files()) {
    if (name.ends_with(".log")) continue;
    const std::uintmax_t size = fs::file_size(healthy_ + name);
    const std::uintmax_t step = 1 + size / 40;
    for (std::uintmax_t at = size == 0 ? 0 : random_() % std::min(size, step); at < size; at += step) {
      Copy();
      FlipByte(name, at, static_cast<char>(1 << random_() % 8));
      const bool was_refused = Refused(at % 5 == 0 ? OpenMode::kWrite : OpenMode::kRead, {roots_.back()});
      ASSERT_FALSE(HasFailure()) << name << " at " << at << " of " << size;
      refused += was_refused ? 1 : 0;
      if (!name.ends_with(".sst")) continue;
      ++tables;
      refused_tables += was_refused ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 50U);
  EXPECT_GT(2 * refused_tables, tables) << "most bytes of a table are data";
}

// A bad record in the log once ended it, so that one flipped bit brought back what was forgotten later. Only a flipped
// bit of a record's length can still look like an early end of the log.
TEST_F(DamageTest, FlippedBytesOfTheLogAreNoticed) {
  const std::set<forest::Digest> all(roots_.begin(), roots_.end());
  std::size_t flips = 0, refused = 0;
  for (const std::string& name : Files()) {
    if (!name.ends_with(".log")) continue;
    const std::uintmax_t size = fs::file_size(healthy_ + name);
    for (std::uintmax_t at = random_() % 10; at < size; at += 1 + size / 100) {
      Copy();
      FlipByte(name, at, static_cast<char>(1 << random_() % 8));
      ++flips;
      refused += Refused(at % 5 == 0 ? OpenMode::kWrite : OpenMode::kRead, all) ? 1 : 0;
      ASSERT_FALSE(HasFailure()) << name << " at " << at << " of " << size;
    }
  }
  EXPECT_GT(flips, 50U);
  EXPECT_GE(refused, flips * 95 / 100);
}

TEST_F(DamageTest, ALogThatIsCutGivesAnEarlierState) {
  const std::set<forest::Digest> all(roots_.begin(), roots_.end());
  std::set<forest::Digest> seen;
  for (const std::string& name : Files()) {
    if (!name.ends_with(".log")) continue;
    const std::uintmax_t size = fs::file_size(healthy_ + name);
    for (std::uintmax_t length = 0; length < size; length += 1 + size / 60) {
      Copy();
      fs::resize_file(directory_ + name, length);
      // The checkpoint of the log was signed after all of this was on the disk, so it tells that something is missing.
      EXPECT_FALSE(TryOpen(OpenMode::kRead).ok()) << "cut at " << length;
      fs::remove(directory_ + "/log/checkpoint");
      auto store = TryOpen();
      if (!store.ok()) {
        EXPECT_EQ(store.error().code, ErrorCode::kStoreDamaged) << store.error().ToString();
        continue;
      }
      const forest::Digest root = (*store)->Root();
      ASSERT_TRUE(all.contains(root)) << "cut at " << length;
      seen.insert(root);
      ASSERT_EQ((*store)->model().Regrow(*executor_).Root((*store)->model().records(), *executor_), root);
    }
  }
  EXPECT_GE(seen.size(), 2U);
}

TEST_F(DamageTest, MissingAndCutFilesAreNoticed) {
  for (const std::string& name : Files()) {
    const bool needed = name.ends_with(".sst") || name.ends_with("CURRENT") ||
                        name.find("MANIFEST") != std::string::npos || name.ends_with("/HEDGEROW");
    Copy();
    fs::remove(directory_ + name);
    const std::set<forest::Digest> earlier = name.ends_with(".log")
                                                 ? std::set<forest::Digest>(roots_.begin(), roots_.end())
                                                 : std::set<forest::Digest>{roots_.back()};
    EXPECT_EQ(Refused(OpenMode::kRead, earlier) || !needed, true) << name << " is missing";
    if (name.ends_with(".log")) continue;
    Copy();
    fs::resize_file(directory_ + name, fs::file_size(directory_ + name) / 2);
    EXPECT_EQ(Refused(OpenMode::kRead, earlier) || !needed, true) << name << " is cut";
  }
}

// Damage below RocksDB's checksums: values that are whole but false.
class FalseValueTest : public DamageTest {
 protected:
  std::vector<std::pair<std::string, std::string>> All(Family family) {
    std::vector<std::pair<std::string, std::string>> all;
    auto database = Database::Open(DatabasePath(directory_), Database::Mode::kRead);
    EXPECT_TRUE(database.ok());
    const Status status = (*database)->ForEach(family, "", [&](std::string_view key, std::string_view value) {
      all.emplace_back(key, value);
      return Status();
    });
    EXPECT_TRUE(status.ok());
    return all;
  }
  void Put(Family family, const std::string& key, const std::string& value) {
    auto database = Database::Open(DatabasePath(directory_), Database::Mode::kWrite);
    ASSERT_TRUE(database.ok()) << database.error().ToString();
    Database::Batch batch(**database);
    batch.Put(family, key, value);
    ASSERT_TRUE((*database)->Write(batch, false).ok());
  }
  void Delete(Family family, const std::string& key) {
    auto database = Database::Open(DatabasePath(directory_), Database::Mode::kWrite);
    ASSERT_TRUE(database.ok()) << database.error().ToString();
    Database::Batch batch(**database);
    batch.Delete(family, key);
    ASSERT_TRUE((*database)->Write(batch, false).ok());
  }
  void ExpectDamaged(const std::string& what) {
    const auto store = TryOpen(OpenMode::kRead);
    ASSERT_FALSE(store.ok()) << what;
    EXPECT_EQ(store.error().code, ErrorCode::kStoreDamaged) << what << ": " << store.error().ToString();
  }
  static std::string Body(const std::string& key, const std::string& value) { return std::string(*Unseal(key, value)); }
};

TEST_F(FalseValueTest, WithoutTheirSealAreRefused) {
  for (const Family family : {Family::kMeta, Family::kRecords, Family::kPages, Family::kPending, Family::kJournal}) {
    const auto all = All(family);
    ASSERT_GE(all.size(), 2U);
    for (const std::size_t i : {std::size_t{0}, all.size() / 2, all.size() - 1}) {
      Copy();
      std::string flipped = all[i].second;
      flipped[random_() % flipped.size()] ^= 4;
      Put(family, all[i].first, flipped);
      ExpectDamaged("a flipped bit");
      Copy();
      Put(family, all[i].first, all[i].second.substr(0, all[i].second.size() - 1));
      ExpectDamaged("a byte less");
      Copy();
      Put(family, all[i].first, "");
      ExpectDamaged("nothing left");
      Copy();
      Put(family, all[i].first, all[(i + 1) % all.size()].second);
      ExpectDamaged("another key's value");
      Copy();
      Delete(family, all[i].first);
      ExpectDamaged("a value is missing");
    }
  }
}

// Sealed well, but not what belongs there: the checks that follow the seal.
TEST_F(FalseValueTest, WithAGoodSealAreRefused) {
  const auto records = All(Family::kRecords);
  const auto& [key, value] = records[10];
  const auto record = *DecodeRecord(Body(key, value), 4, 2);
  const auto put = [&](const RecordValue& changed, const std::string& under, const std::string& what) {
    Copy();
    Put(Family::kRecords, under, Seal(under, EncodeRecord(changed)));
    ExpectDamaged(what);
  };
  RecordValue changed = record;
  changed.label ^= 1;
  put(changed, key, "another class, so that counts do not fit");
  changed = record;
  changed.slot = DecodeRecord(Body(records[11].first, records[11].second), 4, 2)->slot;
  put(changed, key, "a slot twice");
  changed = record;
  changed.slot = 1'000'000;
  put(changed, key, "a slot beyond the end");
  changed = record;
  changed.id += 1;
  put(changed, key, "an id that is not the key's");
  put(record, std::string(kOpaqueBytes, 'x'), "a record under a false key");

  const auto meta = All(Family::kMeta);
  for (const auto& [name, sealed] : meta) {
    Copy();
    Put(Family::kMeta, name, Seal(name, Body(name, sealed) + "x"));
    ExpectDamaged(name);
  }
  const auto pages = All(Family::kPages);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::string& other = pages[(i + 1) % pages.size()].first;
    Copy();
    Put(Family::kPages, other, Seal(other, Body(pages[i].first, pages[i].second)));
    ExpectDamaged("a page in another's place");
  }
  Copy();
  const std::string stray = PageKey(1, 1ULL << 63, 30);
  Put(Family::kPages, stray, Seal(stray, Body(pages[0].first, pages[0].second)));
  ExpectDamaged("a page too many");
}

// Any change of a page that is sealed again is refused, or gives a store that works: nothing crashes. First while trees
// have to forget what went since they were stored, then as of now.
TEST_F(FalseValueTest, PagesOfAnyContentDoNotCrash) {
  for (const bool stored_as_of_now : {false, true}) {
    directory_ = healthy_;
    if (stored_as_of_now) {
      ASSERT_TRUE(Open()->Checkpoint().ok());
    }
    const auto pages = All(Family::kPages);
    std::size_t opened = 0;
    for (int k = 0; k < 250; ++k) {
      const auto& [key, value] = pages[random_() % pages.size()];
      std::string body = Body(key, value);
      body[random_() % body.size()] ^= static_cast<char>(1 << random_() % 8);
      Copy();
      Put(Family::kPages, key, Seal(key, body));
      auto store = TryOpen(OpenMode::kRead);
      if (!store.ok()) {
        EXPECT_EQ(store.error().code, ErrorCode::kStoreDamaged) << store.error().ToString();
        continue;
      }
      ++opened;
      std::vector<double> probabilities(2);
      for (std::size_t i = 0; i < data_.table.size(); ++i) {
        (*store)->model().forest().Predict(data_.table.row(i).data(), probabilities.data());
        ASSERT_NEAR(probabilities[0] + probabilities[1], 1.0, 1e-9);
      }
    }
    EXPECT_LT(opened, 200U);
  }
}

}  // namespace
}  // namespace hedgerow::storage
