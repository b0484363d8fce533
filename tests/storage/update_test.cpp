// Proves what the updates of a store promise one by one: after each, and after opening the store again, it is what
// training on the live records gives; who is asked for twice, was never there or is only tried out changes nothing.
#include <algorithm>

#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

class StoreUpdateTest : public StoreTest {
 protected:
  void SetUp() override {
    std::mt19937_64 random(tests::Seed(81));
    data_ = People(random, {330, 5, 3});
    // Two persons whose records are known.
    for (std::size_t i = 0; i < data_.table.size(); ++i) {
      if (data_.table.subjects[i] == "person 1" || data_.table.subjects[i] == "person 2") data_.table.subjects[i] = "";
    }
    for (const std::size_t i : {3U, 50U, 200U}) data_.table.subjects[i] = "ann";
    data_.table.subjects[7] = "bob";
    std::sort(ann_.begin(), ann_.end());
    store_ = Create(data_);
  }

  RecordId Id(std::size_t i) const { return data_.table.ids[i]; }
  // A forget that is to succeed.
  Outcome Forget(const ForgetRequest& request) {
    auto outcome = store_->Forget(request);
    EXPECT_TRUE(outcome.ok()) << outcome.error().ToString();
    return outcome.ok() ? *outcome : Outcome{};
  }
  // One record of the data under another id, and whose it is.
  Table New(std::size_t i, RecordId id, const std::string& subject) {
    Table table = tests::One(data_.table, i);
    table.ids = {id};
    table.subjects = {subject};
    return table;
  }

  tests::Data data_;
  std::vector<RecordId> ann_;
  StorePointer store_;
};

TEST_F(StoreUpdateTest, OpensAsItWasMade) {
  const forest::Digest root = store_->Root();
  EXPECT_TRUE(EqualsTrained(*store_, data_.table));
  for (const OpenMode mode : {OpenMode::kRead, OpenMode::kWrite, OpenMode::kRead}) {
    store_.reset();
    store_ = Open(mode);
    EXPECT_EQ(store_->Root(), root);
    EXPECT_TRUE(EqualsTrained(*store_, data_.table));
    EXPECT_EQ(store_->forgotten(), 0U);
    EXPECT_EQ(store_->subjects(),
              static_cast<std::uint64_t>(std::count_if(data_.table.subjects.begin(), data_.table.subjects.end(),
                                                       [](const std::string& subject) { return !subject.empty(); })));
  }
}

TEST_F(StoreUpdateTest, ForgetsRecords) {
  const forest::Digest root = store_->Root();
  const Outcome outcome = Forget({.records = {Id(9), Id(4), Id(9)}});
  EXPECT_EQ(outcome.records, (std::vector<RecordId>{Id(4), Id(9)}));
  EXPECT_EQ(outcome.root_before, root);
  EXPECT_NE(outcome.root_after, root);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(store_->Root(), outcome.root_after);
    EXPECT_TRUE(EqualsTrained(*store_, Without(data_.table, {Id(4), Id(9)})));
    EXPECT_EQ(store_->forgotten(), 2U);
    Reopen(store_);
  }
}

TEST_F(StoreUpdateTest, ForgetsSubjectsAndRecordsTogether) {
  std::vector<RecordId> all{Id(3), Id(50), Id(200), Id(7), Id(9)};
  const Outcome outcome = Forget({.records = {Id(9), Id(3)}, .subjects = {"ann", "bob", "ann"}});
  std::sort(all.begin(), all.end());
  EXPECT_EQ(outcome.records, all);
  Reopen(store_);
  EXPECT_TRUE(EqualsTrained(*store_, Without(data_.table, all)));
}

TEST_F(StoreUpdateTest, ForgettingTwiceIsDoneAlready) {
  Forget({.records = {Id(9)}, .subjects = {"ann"}});
  Reopen(store_);
  const forest::Digest root = store_->Root();
  const auto before = Contents(directory_);
  const Outcome again = Forget({.records = {Id(50), Id(9)}, .subjects = {"ann"}});
  EXPECT_TRUE(again.records.empty());
  EXPECT_TRUE(again.unknown.empty());
  EXPECT_EQ(again.already_forgotten, (std::vector<RecordId>{Id(50), Id(9)}));
  EXPECT_EQ(again.already_forgotten_subjects, std::vector<std::size_t>{0});
  EXPECT_EQ(again.root_before, root);
  EXPECT_EQ(again.root_after, root);
  EXPECT_EQ(Contents(directory_), before) << "nothing is written";
  EXPECT_EQ(store_->forgotten(), 4U);
  const Outcome more = Forget({.records = {Id(9), Id(10)}});
  EXPECT_EQ(more.records, std::vector<RecordId>{Id(10)}) << "what is still there is forgotten all the same";
  EXPECT_EQ(more.already_forgotten, std::vector<RecordId>{Id(9)});
}

TEST_F(StoreUpdateTest, UnknownOnesChangeNothing) {
  const forest::Digest root = store_->Root();
  const auto before = Contents(directory_);
  const RecordId unknown = 999'999'999;
  const Outcome outcome = Forget({.records = {Id(1), unknown}, .subjects = {"ann", "nobody", ""}});
  EXPECT_EQ(outcome.unknown, std::vector<RecordId>{unknown});
  EXPECT_EQ(outcome.unknown_subjects, (std::vector<std::size_t>{1, 2}));
  EXPECT_TRUE(outcome.records.empty());
  EXPECT_EQ(outcome.root_after, root);
  Table table = New(0, unknown, "");
  const auto corrected = store_->Correct(table);
  ASSERT_TRUE(corrected.ok());
  EXPECT_EQ(corrected->unknown, std::vector<RecordId>{unknown});
  EXPECT_EQ(store_->Root(), root);
  EXPECT_EQ(Contents(directory_), before);
  ExpectFails(store_->Forget({}).error(), ErrorCode::kUsage, "nobody");
  Reopen(store_);
  EXPECT_TRUE(EqualsTrained(*store_, data_.table));
}

TEST_F(StoreUpdateTest, BadTablesChangeNothing) {
  const auto before = Contents(directory_);
  EXPECT_EQ(store_->Learn(New(0, Id(5), "")).error().code, ErrorCode::kBadInput) << "the id is there";
  Table twice = tests::Take(data_.table, {3, 3});
  EXPECT_EQ(store_->Correct(twice).error().code, ErrorCode::kBadInput);
  twice.ids = {70'001, 70'001};
  EXPECT_EQ(store_->Learn(twice).error().code, ErrorCode::kBadInput);
  Table bad = New(0, 70'001, "");
  bad.labels = {3};
  EXPECT_EQ(store_->Learn(bad).error().code, ErrorCode::kBadInput);
  bad.ids = {Id(3)};
  EXPECT_EQ(store_->Correct(bad).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(store_->forgotten(), 0U);
  EXPECT_EQ(Contents(directory_), before);
  EXPECT_TRUE(EqualsTrained(*store_, data_.table)) << "and the store goes on";
  Forget({.subjects = {"ann"}});
}

TEST_F(StoreUpdateTest, ADryRunTellsAndWritesNothing) {
  const auto before = Contents(directory_);
  const forest::Digest root = store_->Root();
  const Outcome tried = Forget({.subjects = {"ann"}, .dry_run = true});
  EXPECT_EQ(tried.records.size(), 3U);
  EXPECT_EQ(tried.root_before, root);
  EXPECT_NE(tried.root_after, root);
  EXPECT_EQ(Contents(directory_), before);
  ExpectFails(store_->Forget({.subjects = {"bob"}}).error(), ErrorCode::kUsage, "dry run");
  ExpectFails(store_->Learn(New(0, 70'001, "")).error(), ErrorCode::kUsage, "dry run");
  ExpectFails(store_->Correct(New(0, Id(3), "")).error(), ErrorCode::kUsage, "dry run");
  Reopen(store_);
  EXPECT_EQ(store_->Root(), root);
  EXPECT_EQ(Forget({.subjects = {"ann"}}).root_after, tried.root_after) << "it told the truth";
}

TEST_F(StoreUpdateTest, LearnsAndRemembersWhose) {
  ASSERT_TRUE(store_->Learn(New(0, 70'001, "ann")).ok());
  ASSERT_TRUE(store_->Learn(New(1, 70'002, "")).ok());
  ASSERT_TRUE(store_->Learn(New(2, 70'003, "eve")).ok());
  Reopen(store_);
  Table all = data_.table;
  for (const auto& [i, id] : {std::pair{0U, 70'001U}, std::pair{1U, 70'002U}, std::pair{2U, 70'003U}}) {
    all.ids.push_back(id);
    all.labels.push_back(all.labels[i]);
    all.cells.insert(all.cells.end(), data_.table.row(i).begin(), data_.table.row(i).end());
    all.subjects.emplace_back();
  }
  EXPECT_TRUE(EqualsTrained(*store_, all));
  EXPECT_EQ(Forget({.subjects = {"ann"}}).records.size(), 4U);
  EXPECT_EQ(Forget({.subjects = {"eve"}}).records, std::vector<RecordId>{70'003});
}

TEST_F(StoreUpdateTest, ForgottenOnesMayComeBack) {
  const forest::Digest root = store_->Root();
  Forget({.subjects = {"bob"}});
  Reopen(store_);
  ASSERT_TRUE(store_->Learn(tests::One(data_.table, 7)).ok());
  Reopen(store_);
  EXPECT_EQ(store_->Root(), root);
  const Outcome again = Forget({.subjects = {"bob"}});
  EXPECT_EQ(again.records, std::vector<RecordId>{Id(7)});
  EXPECT_EQ(store_->forgotten(), 2U) << "counts what was ever forgotten";
}

TEST_F(StoreUpdateTest, CorrectsAndKeepsWhose) {
  const std::uint64_t with_subject = store_->subjects();
  const auto outcome = store_->Correct(New(100, Id(3), ""));
  ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
  EXPECT_EQ(outcome->records, std::vector<RecordId>{Id(3)});
  Reopen(store_);
  Table all = data_.table;
  all.labels[3] = all.labels[100];
  std::copy_n(data_.table.row(100).begin(), all.width, all.cells.begin() + static_cast<std::ptrdiff_t>(3 * all.width));
  EXPECT_TRUE(EqualsTrained(*store_, all));
  EXPECT_EQ(store_->subjects(), with_subject);
  EXPECT_EQ(store_->forgotten(), 0U) << "a correction is no erasure";
  ASSERT_TRUE(store_->Correct(New(100, Id(50), "bob")).ok());
  Reopen(store_);
  EXPECT_EQ(store_->subjects(), with_subject);
  EXPECT_EQ(Forget({.subjects = {"ann"}}).records.size(), 2U) << "one has moved";
  EXPECT_EQ(Forget({.subjects = {"bob"}}).records.size(), 2U);
}

TEST_F(StoreUpdateTest, SubjectsThatSwapTheirRecordsStayKnown) {
  Forget({.records = {Id(50), Id(200)}});
  Table swap = tests::Take(data_.table, {3, 7});
  swap.subjects = {"bob", "ann"};
  ASSERT_TRUE(store_->Correct(swap).ok());
  Reopen(store_);
  EXPECT_EQ(Forget({.subjects = {"ann"}}).records, std::vector<RecordId>{Id(7)});
  EXPECT_EQ(Forget({.subjects = {"bob"}}).records, std::vector<RecordId>{Id(3)});
}

TEST_F(StoreUpdateTest, ACorrectionForgetsNobody) {
  ASSERT_TRUE(store_->Correct(New(100, Id(7), "ann")).ok());
  Reopen(store_);
  const Outcome outcome = Forget({.subjects = {"bob"}});
  EXPECT_EQ(outcome.unknown_subjects, std::vector<std::size_t>{0}) << "his only record is another's now";
  EXPECT_TRUE(outcome.already_forgotten_subjects.empty());
  EXPECT_EQ(Forget({.subjects = {"ann"}}).records.size(), 4U);
}

TEST_F(StoreUpdateTest, ASubjectIsForgottenWithItsLastRecord) {
  Forget({.records = {Id(3), Id(50)}});
  EXPECT_EQ(Forget({.subjects = {"ann"}, .dry_run = true}).records, std::vector<RecordId>{Id(200)});
  Reopen(store_);
  Forget({.records = {Id(200)}});
  Reopen(store_);
  EXPECT_EQ(Forget({.subjects = {"ann"}}).already_forgotten_subjects, std::vector<std::size_t>{0});
}

TEST_F(StoreUpdateTest, GoesDownToNothingAndUpAgain) {
  const forest::Digest root = store_->Root();
  std::vector<RecordId> most(data_.table.ids.begin(), data_.table.ids.end() - 3);
  Forget({.records = most});
  Reopen(store_);
  for (const RecordId id : {Id(327), Id(328), Id(329)}) {
    Forget({.records = {id}});
    Reopen(store_);
  }
  EXPECT_TRUE(EqualsTrained(*store_, Table{5, {}, {}, {}, {}}));
  EXPECT_EQ(store_->subjects(), 0U);
  ASSERT_TRUE(store_->Learn(data_.table).ok());
  Reopen(store_);
  EXPECT_EQ(store_->Root(), root);
  EXPECT_EQ(Forget({.subjects = {"ann"}}).records.size(), 3U);
}

}  // namespace
}  // namespace hedgerow::storage
