// Proves that a large erasure which is made in parts is the same erasure: the same model, one answer, everything in the
// log; that others get their turn in between; and that it goes on where a failure cut it short.
#include <algorithm>
#include <atomic>
#include <thread>

#include "storage/bytes.h"
#include "storage/evidence/log_files.h"
#include "storage/evidence/log_search.h"
#include "storage/receipts.h"
#include "tests/storage/faulty_disk.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

class PartsTest : public StoreTest {
 protected:
  void SetUp() override {
    std::mt19937_64 random(tests::Seed(121));
    MakeData(random, 400, 90);
  }
  void MakeData(std::mt19937_64& random, std::size_t records, std::size_t of_ann) {
    store_.reset();
    directory_ = scratch_.Path(fmt::format("store of {}", records));
    data_ = People(random, {records, 5, 3});
    for (std::size_t i = 0; i < of_ann; ++i) data_.table.subjects[i] = "ann";
    store_ = Create(data_);
  }

  RecordId Id(std::size_t i) const { return data_.table.ids[i]; }
  std::vector<RecordId> IdsOf(const std::string& subject) const {
    std::vector<RecordId> ids;
    for (std::size_t i = 0; i < data_.table.size(); ++i) {
      if (data_.table.subjects[i] == subject) ids.push_back(Id(i));
    }
    return ids;
  }
  // All of a person and some records, of which she has one.
  ForgetRequest Large(std::size_t records_at_a_time) const {
    return {.records = {Id(391), Id(0), Id(392), Id(391)},
            .subjects = {"ann"},
            .options = {.request_id = "8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11"},
            .records_at_a_time = records_at_a_time};
  }
  std::vector<RecordId> Named() const {
    std::vector<RecordId> ids = IdsOf("ann");
    ids.insert(ids.end(), {Id(391), Id(392)});
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
  }

  tests::Data data_;
  StorePointer store_;
};

TEST_F(PartsTest, IsTheSameErasure) {
  const std::vector<RecordId> named = Named();
  const forest::Digest root = store_->Root();
  const auto outcome = store_->Forget(Large(7));
  ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
  const std::size_t parts = (named.size() + 6) / 7;
  EXPECT_EQ(outcome->sequence, parts);
  EXPECT_EQ(outcome->records, named);
  EXPECT_EQ(outcome->record_count, named.size());
  EXPECT_EQ(outcome->root_before, root);
  EXPECT_EQ(outcome->root_after, store_->Root());
  EXPECT_EQ(outcome->commitment.size(), 5U);
  EXPECT_TRUE(EqualsTrained(*store_, Without(data_.table, named)));

  for (const std::size_t records_at_a_time : {0U, 7U}) {
    const auto again = store_->Forget(Large(records_at_a_time));
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(again->repeated);
    EXPECT_EQ(again->sequence, parts);
    EXPECT_EQ(again->record_count, named.size());
    Reopen(store_);
  }
  EXPECT_TRUE(EqualsTrained(*store_, Without(data_.table, named)));
  const auto once_more = store_->Forget({.subjects = {"ann"}, .records_at_a_time = 7});
  ASSERT_TRUE(once_more.ok());
  EXPECT_EQ(once_more->already_forgotten_subjects.size(), 1U);
}

// Each part has its entry, under the name of the request.
TEST_F(PartsTest, TheLogTellsOfEachPart) {
  const ForgetRequest request = Large(20);
  const auto outcome = store_->Forget(request);
  ASSERT_TRUE(outcome.ok());
  ASSERT_TRUE(store_->Compact().ok());
  ASSERT_TRUE(store_->PublishLog().ok());
  store_.reset();
  const auto files = LogFiles::Open(directory_);
  ASSERT_TRUE(files.ok()) << files.error().ToString();
  const auto entries = EntriesOf(*files, directory_, request.options.request_id);
  ASSERT_TRUE(entries.ok());
  std::size_t records = 0;
  std::map<std::string, std::size_t> stages;
  for (const std::uint64_t index : *entries) {
    const auto bytes = files->Entry(index);
    ASSERT_TRUE(bytes.ok());
    const auto entry = DecodeLogEntry(*bytes);
    ASSERT_TRUE(entry.has_value());
    const std::string stage(entry->Get("stage"));
    if (stage == "erased") records += entry->Number("records");
    ++stages[stage];
    EXPECT_EQ(entry->Get("subjects"), ToHex(BytesOf(outcome->commitment.Root())));
  }
  const std::size_t parts = (Named().size() + 19) / 20;
  EXPECT_EQ(stages, (std::map<std::string, std::size_t>{{"unlearned", parts}, {"exact", parts}, {"erased", parts}}));
  EXPECT_EQ(records, Named().size());
}

// Its receipt has all parts, also those that were made before a failure or come from another store's journal.
TEST_F(PartsTest, TheReceiptIsOfAllParts) {
  const ForgetRequest request = Large(20);
  ASSERT_TRUE(store_->Forget({.records = {Id(300)}}).ok());
  const auto outcome = store_->Forget(request);
  const auto other = store_->Forget({.records = {Id(301)}});
  ASSERT_TRUE(outcome.ok() && other.ok());
  const std::vector<Opening> openings = outcome->commitment.OpenAll();
  const std::vector<Identity> named = IdentitiesOf(request.records, request.subjects);
  const std::size_t parts = (Named().size() + 19) / 20;
  ASSERT_GT(parts, 3U);
  EXPECT_TRUE(store_->PartsBefore(1)->empty());
  EXPECT_TRUE(store_->PartsBefore(other->sequence)->empty());
  for (const Stage stage : {Stage::kUnlearned, Stage::kExact, Stage::kErased}) {
    ASSERT_TRUE(store_->Await(outcome->sequence, stage).ok());
    const auto receipts = MakeReceipts(*store_, directory_, outcome->sequence, stage, openings);
    ASSERT_TRUE(receipts.ok()) << receipts.error().ToString();
    EXPECT_EQ(receipts->part_count, parts);
    const std::vector<std::string> texts = receipts->ToTexts();
    ASSERT_EQ(texts.size(), named.size());
    const auto keys = LogFiles::Open(directory_)->keys();
    for (std::size_t i = 0; i < named.size(); ++i) {
      const BundleFindings found = CheckBundle(texts[i], keys, named[i]);
      EXPECT_EQ(found.problem, "");
      EXPECT_EQ(found.parts.size(), parts);
      EXPECT_EQ(found.opened, parts);
      EXPECT_EQ(found.records, Named().size());
      EXPECT_EQ(found.stage, NameOf(stage));
      EXPECT_NE(CheckBundle(texts[i], keys, Identity{false, "bob"}).problem, "");
    }
    const auto some = MakeReceipts(*store_, directory_, outcome->sequence, stage, {}, {.first = 1, .most = 2});
    ASSERT_TRUE(some.ok());
    EXPECT_EQ(some->part_count, parts);
    ASSERT_EQ(some->before.size(), 2U);
    EXPECT_EQ(some->before[0].ToText(), receipts->before[1].ToText());
    ASSERT_EQ(some->last.size(), 1U);
    EXPECT_FALSE(some->last[0].opening);
    const auto single = MakeReceipts(*store_, directory_, other->sequence, Stage::kExact, {});
    ASSERT_TRUE(single.ok());
    EXPECT_EQ(single->part_count, 1U);
    EXPECT_TRUE(single->before.empty());
  }
}

TEST_F(PartsTest, NobodyIsForgottenWhereOneIsUnknown) {
  ForgetRequest request = Large(5);
  request.records.push_back(999'999);
  const auto outcome = store_->Forget(request);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->unknown, (std::vector<RecordId>{999'999}));
  EXPECT_EQ(store_->sequence(), 0U);
  EXPECT_TRUE(EqualsTrained(*store_, data_.table));
  EXPECT_FALSE(*store_->NamesMoreThan(request, Named().size() + 3));
  EXPECT_TRUE(*store_->NamesMoreThan(request, 40));
  EXPECT_FALSE(*store_->NamesMoreThan({.records = {1, 2}}, 2));
}

TEST_F(PartsTest, OthersGetTheirTurn) {
  std::mt19937_64 random(tests::Seed(122));
  MakeData(random, 2'500, 2'000);
  const std::vector<RecordId> named = Named();
  Outcome large;
  std::atomic<bool> done = false;
  std::thread thread([&] {
    large = *store_->Forget(Large(1));
    done = true;
  });
  // Records of others, and some that the large request has too; from its first part on.
  while (!done && store_->model().sequence() == 0) std::this_thread::yield();
  std::vector<RecordId> gone;
  std::vector<std::uint64_t> sequences;
  for (std::size_t i = 0; !done && i < 450; ++i) {
    const RecordId one = i % 4 == 0 ? named[named.size() - 1 - i] : Id(2'001 + i);
    const auto outcome = store_->Forget({.records = {one}, .options = {.with_roots = false}});
    ASSERT_TRUE(outcome.ok());
    gone.push_back(one);
    if (outcome->sequence != 0) sequences.push_back(outcome->sequence);
  }
  thread.join();
  const auto between = [&](std::size_t k) {
    return k + 1 == sequences.size() ? sequences[k] < large.sequence : sequences[k] + 1 != sequences[k + 1];
  };
  std::size_t turns = 0;
  for (std::size_t k = 0; k < sequences.size(); ++k) turns += between(k) ? 1 : 0;
  EXPECT_GT(turns, 1U) << "the others had to wait for all parts";
  gone.insert(gone.end(), named.begin(), named.end());
  EXPECT_TRUE(EqualsTrained(*store_, Without(data_.table, gone)));
  Reopen(store_);
  EXPECT_TRUE(EqualsTrained(*store_, Without(data_.table, gone)));
}

// Each write of it fails once. The same request goes on, and what was forgotten is forgotten.
TEST_F(PartsTest, GoesOnAfterAFailure) {
  tests::FaultyDisk disk;
  store_.reset();
  const std::string healthy = directory_;
  std::size_t failures = 0;
  for (std::uint64_t n = 1; n == 1 || failures == n - 1; ++n) {
    directory_ = scratch_.Path("faulty");
    std::filesystem::remove_all(directory_);
    std::filesystem::copy(healthy, directory_, std::filesystem::copy_options::recursive);
    store_ = Open();
    disk.FailAt(n, tests::FaultyDisk::Fault::kIo, /*lasting=*/false);
    const auto outcome = store_->Forget(Large(10));
    disk.Heal();
    if (!outcome.ok()) ++failures;
    if (n % 2 == 0) Reopen(store_);  // as after a crash
    const auto status = store_->StatusOf(Large(10).options.request_id);
    ASSERT_TRUE(status.ok());
    EXPECT_EQ(status->has_value(), outcome.ok()) << "what is not finished is not told to be";
    const auto again = store_->Forget(Large(10));
    ASSERT_TRUE(again.ok()) << again.error().ToString();
    EXPECT_EQ(again->repeated, outcome.ok());
    EXPECT_TRUE(EqualsTrained(*store_, Without(data_.table, Named())));
    const auto receipts = MakeReceipts(*store_, directory_, again->sequence, Stage::kExact, {});
    ASSERT_TRUE(receipts.ok()) << receipts.error().ToString();
    const BundleFindings found = CheckBundle(receipts->ToTexts()[0], LogFiles::Open(directory_)->keys(), {});
    EXPECT_EQ(found.problem, "");
    EXPECT_EQ(found.records, Named().size()) << "parts of both tries";
    store_.reset();
  }
  EXPECT_GE(failures, Named().size() / 10) << "each part is written by itself";
}

}  // namespace
}  // namespace hedgerow::storage
