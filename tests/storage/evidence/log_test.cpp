// Proves what a store tells in its log: each stage of each request once, with the roots just before and after; that it
// is signed and shown when the store is closed; that receipts convince; and that nothing in it names anybody.
#include <sys/stat.h>

#include <set>

#include "storage/bytes.h"
#include "storage/database.h"
#include "storage/description.h"
#include "tests/storage/evidence/log_fixture.h"

namespace hedgerow::storage {
namespace {

TEST_F(LogTest, BeginsWithTheStore) {
  const std::vector<LogEntry> entries = Entries();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].type, LogEntryType::kStart);
  EXPECT_EQ(entries[0].Number("records"), data_.table.size());
  EXPECT_EQ(entries[0].Get("root"), Open(OpenMode::kRead)->Root().ToHex());
  struct stat info {};
  ASSERT_EQ(stat((directory_ + "/log.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const AuditReport report = Audit();
  EXPECT_TRUE(Right(report));
  EXPECT_TRUE(report.with_store);
  EXPECT_EQ(report.signers.size(), 1U);
}

TEST_F(LogTest, EachStageIsToldOnce) {
  forest::Digest before, after;
  {
    const StorePointer store = Open();
    before = store->Root();
    const Outcome outcome = Forget(
        *store, 3,
        {.request_id = "8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11", .ground = Ground::kB, .role = Role::kDataSubject});
    after = outcome.root_after;
    ASSERT_TRUE(store->Learn(Only(3), {.with_roots = true}).ok());
    ASSERT_TRUE(store->Correct(Only(5)).ok());
    ASSERT_TRUE(store->Compact().ok());
    ASSERT_TRUE(store->Compact().ok()) << "nothing more is told";
  }
  const std::vector<LogEntry> forget = Entries(1), learn = Entries(2), correct = Entries(3);
  ASSERT_EQ(forget.size(), 3U);
  EXPECT_EQ(forget[0].Get("stage"), "unlearned");
  EXPECT_EQ(forget[1].Get("stage"), "exact");
  EXPECT_EQ(forget[2].Get("stage"), "erased");
  for (const LogEntry& entry : forget) {
    EXPECT_EQ(entry.Get("request"), "8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11");
    EXPECT_EQ(entry.Get("ground"), "art17-1-b");
    EXPECT_EQ(entry.Get("role"), "data-subject");
    EXPECT_EQ(entry.Number("records"), 1U);
  }
  for (const LogEntry& entry : {forget[1], forget[2]}) {
    EXPECT_EQ(entry.Get("root-before"), before.ToHex());
    EXPECT_EQ(entry.Number("root-before-at"), 0U);
    EXPECT_EQ(entry.Get("root-after"), after.ToHex());
    EXPECT_EQ(entry.Number("root-after-at"), 1U);
    EXPECT_TRUE(entry.Has("work"));
  }
  ASSERT_EQ(learn.size(), 2U);
  EXPECT_EQ(learn[1].Get("root-after"), before.ToHex()) << "the record is back";
  EXPECT_FALSE(learn[0].Has("subjects"));
  EXPECT_EQ(correct.size(), 3U);
  EXPECT_TRUE(Right(Audit()));
}

// With many clients nobody takes a root at each update: then the tightest that were taken are told.
TEST_F(LogTest, WithoutRootsTheTightestAreTold) {
  {
    const StorePointer store = Open();
    for (std::size_t i = 0; i < 200; ++i) {
      const UpdateOptions options{.with_roots = false};
      ASSERT_TRUE(i < 100 ? Forget(*store, i, options).sequence != 0 : store->Learn(Only(i - 100), options).ok());
      ASSERT_TRUE(i != 49 || store->PublishLog().ok());
    }
  }
  for (const std::uint64_t sequence : {1U, 37U, 50U, 51U, 120U, 200U}) {
    const std::vector<LogEntry> entries = Entries(sequence);
    ASSERT_GE(entries.size(), 2U);
    EXPECT_EQ(entries[1].Number("root-before-at"), sequence <= 50 ? 0U : 50U) << sequence;
    EXPECT_EQ(entries[1].Number("root-after-at"), sequence <= 50 ? 50U : 200U) << sequence;
  }
  EXPECT_TRUE(Right(Audit()));
}

TEST_F(LogTest, ManyUpdatesAreEnteredWithoutAnybodysAsking) {
  {
    const StorePointer store = Open();
    for (std::size_t i = 0; i < 4'200; ++i) {
      const std::size_t one = i / 2 % 100;
      const UpdateOptions options{.with_roots = false};
      ASSERT_TRUE(i % 2 == 0 ? Forget(*store, one, options).sequence != 0 : store->Learn(Only(one), options).ok());
    }
  }
  EXPECT_EQ(Entries().size(), 1 + 2 * 4'200U);
  EXPECT_TRUE(Right(Audit()));
}

TEST_F(LogTest, AReceiptConvincesItsHolderAlone) {
  Commitment commitment;
  StagePlaces places;
  std::set<std::string> persons(data_.table.subjects.begin(), data_.table.subjects.end());
  persons.erase("");
  ASSERT_GE(persons.size(), 2U);
  const std::string one = *persons.begin(), other = *persons.rbegin();
  {
    const StorePointer store = Open();
    auto outcome = store->Forget({.records = {data_.table.ids[1]}, .subjects = {one, other}});
    ASSERT_TRUE(outcome.ok());
    ASSERT_NE(outcome->sequence, 0U);
    commitment = std::move(outcome->commitment);
    ASSERT_TRUE(store->Compact().ok());
    ASSERT_TRUE(store->PublishLog().ok());
    places = **store->LogPlaces(outcome->sequence);
  }
  const auto log = LogFiles::Open(directory_);
  ASSERT_TRUE(log.ok());
  const std::vector<Identity> people = {{true, std::to_string(data_.table.ids[1])}, {false, one}, {false, other}};
  ASSERT_EQ(commitment.size(), people.size());
  for (std::size_t i = 0; i < people.size(); ++i) {
    for (const std::uint64_t place : {places.accepted, places.exact, places.erased}) {
      const auto receipt = log->Prove(place - 1, commitment.Open(i));
      ASSERT_TRUE(receipt.ok());
      EXPECT_EQ(CheckReceipt(receipt->ToText(), log->keys(), people[i]).problem, "");
      EXPECT_NE(CheckReceipt(receipt->ToText(), log->keys(), people[(i + 1) % 3]).problem, "");
    }
  }
}

// The same person twice: nothing that the log holds of one request is that of the other, and no file has the id.
TEST_F(LogTest, TheSamePersonTwiceCannotBeLinked) {
  const std::string id = "a person with a rare name";
  Table one = Only(0);
  one.subjects = {id};
  {
    const StorePointer store = Open();
    Forget(*store, 0);
    for (const char* const name : {"on behalf of ", "again for "}) {
      ASSERT_TRUE(store->Learn(one).ok());
      ASSERT_TRUE(store->Forget({.subjects = {id}, .options = {.request_id = name + id}}).ok());
    }
    ASSERT_TRUE(store->Compact().ok());
  }
  const LogEntry first = Entries(3)[0], second = Entries(5)[0];
  EXPECT_NE(first.Get("subjects"), second.Get("subjects"));
  EXPECT_NE(first.Get("request"), second.Get("request"));
  for (const auto& [path, content] : Contents(directory_)) {
    EXPECT_EQ(content.find(id), std::string::npos) << path;
  }
}

// A nonce is in no file, so that nobody can try ids against a commitment: neither in the log's nor in the database's.
TEST_F(LogTest, NoncesAreKeptNowhere) {
  Opening opening;
  {
    const StorePointer store = Open();
    opening = Forget(*store, 7).commitment.Open(0);
    ASSERT_TRUE(store->Compact().ok());
  }
  for (const auto& [path, content] : Contents(directory_)) {
    EXPECT_EQ(content.find(BytesOf(opening.nonce)), std::string::npos) << path;
    EXPECT_EQ(content.find(ToHex(BytesOf(opening.nonce))), std::string::npos) << path;
    EXPECT_EQ(content.find(ToHex(BytesOf(opening.pseudonym))), std::string::npos) << path;
  }
}

TEST_F(LogTest, VerificationIsEntered) {
  {
    const StorePointer store = Open();
    Forget(*store, 2);
    const auto found = store->Verify(*executor_);
    ASSERT_TRUE(found.ok());
    EXPECT_TRUE(found->equal());
    EXPECT_TRUE(found->entered);
    ASSERT_TRUE(found->logged);
    EXPECT_EQ(*found->logged, found->root);
  }
  EXPECT_EQ(Entries().back().Get("result"), "equal");
  const auto read = Open(OpenMode::kRead)->Verify(*executor_);
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(read->entered);
  EXPECT_TRUE(read->logged);
  EXPECT_EQ(Audit().verified, 1U);
}

// Updates go on and are logged while the forest grows: the entry is of an earlier moment than those before it.
TEST_F(LogTest, VerificationBesideUpdatesIsEntered) {
  for (std::size_t round = 0; round < 3; ++round) {
    const StorePointer store = Open();
    std::size_t next = 4 * round;
    const auto found = store->Verify(*executor_, [&](std::size_t, std::size_t) {
      Forget(*store, next++);
      ASSERT_TRUE(store->PublishLog().ok());
    });
    ASSERT_TRUE(found.ok());
    EXPECT_TRUE(found->equal());
    EXPECT_EQ(found->sequence, 4 * round);
    EXPECT_EQ(store->sequence(), 4 * round + 4);
    ASSERT_TRUE(store->Compact().ok());
  }
  const AuditReport report = Audit();
  EXPECT_TRUE(Right(report));
  EXPECT_EQ(report.verified, 3U);
}

// An upkeep thread signs by itself.
TEST_F(LogTest, TheUpkeepThreadPublishes) {
  OpenOptions options;
  options.erase_within = std::chrono::milliseconds(1);
  auto store = Store::Open(directory_, options, *executor_);
  ASSERT_TRUE(store.ok());
  const std::uint64_t sequence = Forget(**store, 4).sequence;
  ASSERT_TRUE((*store)->Await(sequence, Stage::kErased).ok());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::size_t size = 0;
  while (size < 4 && std::chrono::steady_clock::now() < deadline) size = Entries().size();
  EXPECT_EQ(size, 4U);
}

TEST_F(LogTest, WhatACrashLeftIsFinished) {
  Story(0, 30);
  const std::string finished = Slurp(CheckpointPath());
  // As if it had ended before the files, or in the middle of them.
  std::filesystem::remove_all(directory_ + "/log");
  Open().reset();
  EXPECT_EQ(Slurp(CheckpointPath()), finished);
  EXPECT_TRUE(Right(Audit()));
  std::filesystem::remove(CheckpointPath());
  std::filesystem::remove_all(directory_ + "/log/tile/0");
  Open().reset();
  EXPECT_TRUE(Right(Audit()));
}

TEST_F(LogTest, WithoutItsKeyTheStoreGoesOnUnsigned) {
  const std::string elsewhere = scratch_.Path("somewhere.key"), before = Slurp(CheckpointPath());
  std::filesystem::rename(directory_ + "/log.key", elsewhere);
  {
    const StorePointer store = Open();
    Forget(*store, 1);
    const Status status = store->PublishLog();
    ASSERT_FALSE(status.ok());
    ExpectFails(status.error(), ErrorCode::kStoreUnavailable, "key");
  }
  EXPECT_EQ(Slurp(CheckpointPath()), before);
  OpenOptions options;
  options.log_key = elsewhere;
  ASSERT_TRUE(Store::Open(directory_, options, *executor_).ok());
  EXPECT_EQ(Entries(1).size(), 2U);
  EXPECT_TRUE(Right(Audit({before})));
  Spill(directory_ + "/log.key", NoteSigner::Make("another").ToText() + "\n");
  const Status status = Open()->PublishLog();
  EXPECT_TRUE(status.ok()) << "there is nothing to sign";
  const StorePointer store = Open();
  Forget(*store, 2);
  EXPECT_FALSE(store->PublishLog().ok());
}

TEST_F(LogTest, FilesThatCannotBeWrittenAreWrittenLater) {
  const std::string folder = directory_ + "/log", aside = scratch_.Path("aside");
  const StorePointer store = Open();
  std::filesystem::rename(folder, aside);
  Spill(folder, "in the way");
  Forget(*store, 1);
  const Status status = store->PublishLog();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kIo) << status.error().ToString();
  Forget(*store, 2);
  std::filesystem::remove(folder);
  std::filesystem::rename(aside, folder);
  ASSERT_TRUE(store->PublishLog().ok());
  EXPECT_EQ(Entries(2).size(), 2U);
  EXPECT_TRUE(Right(Audit()));
}

TEST_F(LogTest, RotationHandsOver) {
  const NoteKey first = LogFiles::Open(directory_)->keys().back();
  const std::string before = Slurp(CheckpointPath());
  Story(0, 2);
  {
    const StorePointer store = Open();
    const auto key = store->RotateLogKey();
    ASSERT_TRUE(key.ok()) << key.error().ToString();
    Forget(*store, 5);
  }
  EXPECT_EQ(LogFiles::Open(directory_)->note().signatures.size(), 2U) << "the old key signs as well";
  EXPECT_TRUE(Right(Audit({before}, {first}))) << "whoever knows the first key needs no other";
  std::filesystem::remove(directory_ + "/log.key.previous");
  Story(10, 1);
  const auto log = LogFiles::Open(directory_);
  EXPECT_EQ(log->note().signatures.size(), 1U);
  EXPECT_EQ(log->keys().size(), 2U);
  EXPECT_TRUE(Right(Audit({before}, {first})));
  EXPECT_FALSE(Audit({}, {NoteSigner::Make(first.name).key()}).ok());
}

// A rotation that was interrupted before or after its entry was written.
TEST_F(LogTest, AnInterruptedRotationIsHarmless) {
  const std::string key = directory_ + "/log.key", old = Slurp(key);
  ASSERT_TRUE(PrepareRotation(key, LogFiles::Open(directory_)->checkpoint().origin).ok());
  Story(0, 1);
  EXPECT_EQ(Slurp(key), old);
  ASSERT_TRUE(Open()->RotateLogKey().ok());
  const std::string next = Slurp(key);
  // As it was after the entry and before the files were renamed.
  std::filesystem::rename(key, key + ".next");
  std::filesystem::rename(key + ".previous", key);
  Story(3, 1);
  EXPECT_EQ(Slurp(key), next);
  EXPECT_EQ(Slurp(key + ".previous"), old);
  EXPECT_TRUE(Right(Audit()));
}

// A store of the version before has no log; it begins one when it is opened for writing.
TEST_F(LogTest, AnOlderStoreBeginsALog) {
  Story(0, 3);
  {
    auto database = Database::Open(DatabasePath(directory_), Database::Mode::kWrite);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)->Empty(Family::kLog).ok());
  }
  std::filesystem::remove_all(directory_ + "/log");
  std::filesystem::remove(directory_ + "/log.key");
  Spill(directory_ + "/HEDGEROW", "hedgerow store\nversion 2\nrestored-from-update 7\n");
  const auto refused = TryOpen(OpenMode::kRead);
  ASSERT_FALSE(refused.ok());
  ExpectFails(refused.error(), ErrorCode::kStoreUnavailable, "has no log");
  Story(5, 2);
  EXPECT_EQ(Slurp(directory_ + "/HEDGEROW"), "hedgerow store\nversion 3\nrestored-from-update 7\n");
  const AuditReport report = Audit();
  EXPECT_TRUE(Right(report));
  EXPECT_EQ(report.unlogged, 3U);
  EXPECT_EQ(report.erased, 2U);
}

}  // namespace
}  // namespace hedgerow::storage
