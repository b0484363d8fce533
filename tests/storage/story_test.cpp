// Proves that a store follows any story: random forgetting (by record, by subject, of unknown and of forgotten ones),
// learning, correcting and repeating requests, with checkpoints, compactions and reopenings (also for reading, and with
// trees grown anew) in between, against plain maps; after each step it is what training on the live records gives.
// The seed is printed.
#include <algorithm>
#include <array>
#include <set>

#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

using datasets::RecordId;
using datasets::Table;

constexpr int kNames = 40;

// What should be in the store.
class Expected {
 public:
  struct Record {
    Table row;
    std::string subject;
  };

  explicit Expected(const Table& table) : width_(table.width) {
    for (std::size_t i = 0; i < table.size(); ++i) live_[table.ids[i]] = {tests::One(table, i), table.subjects[i]};
  }

  const std::map<RecordId, Record>& live() const { return live_; }
  bool Forgotten(RecordId id) const { return forgotten_.contains(id); }
  bool Forgotten(const std::string& subject) const { return forgotten_subjects_.contains(subject); }
  std::uint64_t erasures() const { return erasures_; }
  std::uint64_t with_subject() const {
    return static_cast<std::uint64_t>(
        std::count_if(live_.begin(), live_.end(), [](const auto& entry) { return !entry.second.subject.empty(); }));
  }

  std::set<RecordId> Of(const std::string& subject) const {
    std::set<RecordId> ids;
    for (const auto& [id, record] : live_) {
      if (record.subject == subject) ids.insert(id);
    }
    return ids;
  }

  void Forget(RecordId id) {
    const std::string subject = live_.at(id).subject;
    live_.erase(id);
    forgotten_.insert(id);
    ++erasures_;
    if (!subject.empty() && Of(subject).empty()) forgotten_subjects_.insert(subject);
  }
  void Put(RecordId id, const Table& row, const std::string& subject) {
    live_[id] = {row, subject};
    forgotten_.erase(id);
    forgotten_subjects_.erase(subject);
  }

  Table All() const {
    Table all;
    all.width = width_;
    for (const auto& [id, record] : live_) {
      all.ids.push_back(id);
      all.labels.push_back(record.row.labels[0]);
      all.cells.insert(all.cells.end(), record.row.cells.begin(), record.row.cells.end());
    }
    return all;
  }

 private:
  std::size_t width_;
  std::map<RecordId, Record> live_;
  std::set<RecordId> forgotten_;
  std::set<std::string> forgotten_subjects_;
  std::uint64_t erasures_ = 0;
};

class StoryTest : public StoreTest {
 protected:
  void Begin() {
    const std::size_t records = std::array<std::size_t, 5>{0, 5, 90, 250, 600}[random_() % 5];
    const std::size_t features = 1 + random_() % 6;
    data_ = People(random_, {records + 50, features, std::array<std::size_t, 3>{2, 3, 26}[random_() % 3]});
    for (std::string& subject : data_.table.subjects) subject = Name();
    std::vector<std::size_t> rows(records);
    for (std::size_t i = 0; i < records; ++i) rows[i] = i;
    tests::Data start{data_.schema, tests::Take(data_.table, rows)};
    start.table.width = features;
    directory_ = scratch_.Path(fmt::format("store {}", round_++));
    store_ = Create(start, tests::RandomParameters(random_, features));
    defer_.reset();
    if (random_() % 2 == 0) {
      defer_ = RandomDefer();
      Reopen(store_);
    }
    expected_ = std::make_unique<Expected>(start.table);
    requests_.clear();
  }

  std::string Name() { return random_() % 3 == 0 ? "" : fmt::format("person {}", random_() % kNames); }
  // Small ids, so that they come again.
  RecordId AnyId() { return random_() % 2000; }
  RecordId SomeLive() {
    if (expected_->live().empty()) return AnyId();
    return std::next(expected_->live().begin(), static_cast<std::ptrdiff_t>(random_() % expected_->live().size()))
        ->first;
  }

  void Step() {
    switch (random_() % 5) {
      case 0:
        return Forget(1 + random_() % 3, 0, random_() % 4 == 0);
      case 1:
        return Forget(random_() % 2, 1 + random_() % 2, random_() % 4 == 0);
      case 2:
        return Forget(1 + random_() % 60, 0, false);
      case 3:
        return Learn(1 + random_() % (random_() % 4 == 0 ? 100 : 3));
      default:
        return Correct(1 + random_() % (random_() % 4 == 0 ? 50 : 3));
    }
  }

  unlearn::DeferOptions RandomDefer() {
    unlearn::DeferOptions defer;
    defer.inline_records = std::array<std::uint32_t, 3>{0, 20, 200}[random_() % 3];
    defer.inline_counted = static_cast<std::uint32_t>(random_() % 500);
    defer.hedges.min_records = 129;
    defer.hedges.horizon = random_() % 2 == 0 ? 1000 : 3;
    defer.steps = {.records_grown = static_cast<std::uint32_t>(random_() % 200),
                   .rows_copied = 50,
                   .changes_applied = 3,
                   .records_placed = 200};
    return defer;
  }

  // What changes nothing that a caller can see.
  void Upkeep() {
    for (std::size_t i = 0; i < random_() % 10; ++i) store_->model().Step();
    switch (random_() % 12) {
      case 0:
      case 1:
        ASSERT_TRUE(store_->Checkpoint().ok());
        break;
      case 2:
        ASSERT_TRUE(store_->Compact().ok());
        ASSERT_EQ(store_->pending_erasures(), 0U);
        break;
      case 3:
      case 4:
        Reopen(store_);
        break;
      case 5: {
        OpenOptions options;
        options.regrow = random_() % 2 == 0;
        options.defer = defer_;
        if (!options.regrow) options.erase_within = std::chrono::milliseconds(random_() % 3);
        store_.reset();
        auto store = Store::Open(directory_, options, *executor_);
        ASSERT_TRUE(store.ok()) << store.error().ToString();
        store_ = std::move(*store);
        break;
      }
      case 6: {
        const StorePointer reader = Open(OpenMode::kRead);
        ASSERT_TRUE(EqualsTrained(*reader, expected_->All()));
        break;
      }
      case 7:
        ASSERT_TRUE(store_->Await(random_() % (1 + store_->sequence()), Stage::kDurable).ok());
        break;
      case 8:
        Repeat();
        break;
      default:
        break;
    }
  }

  // A request that was carried out is not carried out again, whatever became of its records.
  void Repeat() {
    if (requests_.empty()) return;
    const ForgetRequest& request = requests_[random_() % requests_.size()];
    const auto outcome = store_->Forget(request);
    ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
    ASSERT_TRUE(outcome->repeated);
    ASSERT_TRUE(outcome->records.empty());
    ASSERT_TRUE(*store_->StatusOf(request.options.request_id));
  }

  // Records and subjects, live ones mostly; with `any` also such as may be unknown.
  void Forget(std::size_t records, std::size_t subjects, bool any) {
    ForgetRequest request;
    for (std::size_t k = 0; k < records; ++k) request.records.push_back(any ? AnyId() : SomeLive());
    for (std::size_t k = 0; k < subjects; ++k)
      request.subjects.push_back(fmt::format("person {}", random_() % (any ? 2 * kNames : kNames)));
    std::set<RecordId> wanted;
    std::vector<RecordId> unknown, already;
    std::set<RecordId> seen;
    for (const RecordId id : request.records) {
      if (!seen.insert(id).second) continue;
      if (expected_->live().contains(id))
        wanted.insert(id);
      else
        (expected_->Forgotten(id) ? already : unknown).push_back(id);
    }
    std::vector<std::size_t> unknown_subjects, already_subjects;
    for (std::size_t i = 0; i < request.subjects.size(); ++i) {
      const std::set<RecordId> ids = expected_->Of(request.subjects[i]);
      wanted.insert(ids.begin(), ids.end());
      if (ids.empty()) (expected_->Forgotten(request.subjects[i]) ? already_subjects : unknown_subjects).push_back(i);
    }
    if (!unknown.empty() || !unknown_subjects.empty()) wanted.clear();
    request.options = {.request_id = fmt::format("request {}", ++request_), .with_roots = random_() % 2 == 0};
    const auto outcome = store_->Forget(request);
    ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
    if (outcome->sequence != 0) requests_.push_back(request);
    ASSERT_EQ(outcome->records, std::vector<RecordId>(wanted.begin(), wanted.end()));
    ASSERT_EQ(outcome->unknown, unknown);
    ASSERT_EQ(outcome->already_forgotten, already);
    ASSERT_EQ(outcome->unknown_subjects, unknown_subjects);
    ASSERT_EQ(outcome->already_forgotten_subjects, already_subjects);
    for (const RecordId id : wanted) expected_->Forget(id);
  }

  // Rows of the data under these ids.
  Table Rows(const std::set<RecordId>& ids) {
    Table table;
    table.width = data_.table.width;
    for (const RecordId id : ids) {
      const std::size_t i = random_() % data_.table.size();
      table.ids.push_back(id);
      table.labels.push_back(data_.table.labels[i]);
      table.cells.insert(table.cells.end(), data_.table.row(i).begin(), data_.table.row(i).end());
      table.subjects.push_back(Name());
    }
    return table;
  }

  void Learn(std::size_t count) {
    std::set<RecordId> ids;
    for (std::size_t k = 0; k < count; ++k) {
      const RecordId id = AnyId();
      if (!expected_->live().contains(id)) ids.insert(id);
    }
    const Table table = Rows(ids);
    const auto outcome = store_->Learn(table);
    ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
    ASSERT_EQ(outcome->records, table.ids);
    for (std::size_t i = 0; i < table.size(); ++i)
      expected_->Put(table.ids[i], tests::One(table, i), table.subjects[i]);
  }

  void Correct(std::size_t count) {
    if (expected_->live().empty()) return;
    std::set<RecordId> ids;
    for (std::size_t k = 0; k < count; ++k) ids.insert(SomeLive());
    const Table table = Rows(ids);
    const auto outcome = store_->Correct(table);
    ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
    ASSERT_EQ(outcome->records, table.ids);
    // A correction forgets nobody, also where it gives a person's last record to another one.
    for (std::size_t i = 0; i < table.size(); ++i) {
      const std::string before = expected_->live().at(table.ids[i]).subject;
      expected_->Put(table.ids[i], tests::One(table, i), table.subjects[i].empty() ? before : table.subjects[i]);
    }
  }

  void Check() {
    ASSERT_TRUE(EqualsTrained(*store_, expected_->All()));
    ASSERT_EQ(store_->forgotten(), expected_->erasures());
    ASSERT_EQ(store_->subjects(), expected_->with_subject());
  }

  std::mt19937_64 random_{tests::Seed(82)};
  int round_ = 0, request_ = 0;
  std::vector<ForgetRequest> requests_;  // that were carried out in this round
  tests::Data data_;
  std::unique_ptr<Expected> expected_;
  StorePointer store_;
};

TEST_F(StoryTest, AnyStory) {
  for (int round = 0; round < 12; ++round) {
    Begin();
    for (int step = 0; step < 40; ++step) {
      SCOPED_TRACE(fmt::format("round {}, step {}, {} records", round, step, expected_->live().size()));
      Step();
      if (HasFailure()) return;
      Upkeep();
      if (HasFailure()) return;
      Check();
      if (HasFailure()) return;
    }
    store_.reset();
    store_ = Open(OpenMode::kRead);
    Check();
  }
}

}  // namespace
}  // namespace hedgerow::storage
