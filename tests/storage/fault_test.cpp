// Proves what a full or failing disk does: each write and each sync of a story fails once, alone or with all that
// follow, for want of space or for an I/O error. (With HEDGEROW_SOAK_FAULTS=1 really each; without it the first ones,
// and then fewer and fewer.) Each time the caller gets an error that says so, what was refused has
// changed nothing, in memory or on the disk, and when the disk is well again the same store goes on.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "tests/storage/faulty_disk.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

namespace fs = std::filesystem;
using Fault = tests::FaultyDisk::Fault;

struct Way {
  Fault fault = Fault::kIo;
  bool lasting = false;
};

class FaultTest : public StoreTest, public ::testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    std::mt19937_64 random(tests::Seed(96));
    data_ = People(random, {120, 4, 2});
    Create(data_).reset();
    healthy_ = directory_;
  }

  void Begin() {
    store_.reset();
    directory_ = scratch_.Path("faulty");
    fs::remove_all(directory_);
    fs::copy(healthy_, directory_, fs::copy_options::recursive);
    store_ = Open();
    live_ = data_.table;
  }

  // What failed must say so.
  void Judge(const Error& error, Fault fault) {
    EXPECT_EQ(error.code, ErrorCode::kIo) << error.ToString();
    if (fault == Fault::kNoSpace) {
      EXPECT_NE(error.ToString().find("disk is full"), std::string::npos) << error.ToString();
    }
    EXPECT_FALSE(error.remedy.empty());
    ++failures_;
  }
  void Judge(const Status& status, Fault fault) {
    if (!status) Judge(status.error(), fault);
  }

  // Forgets, learns or corrects; `live_` follows what was acknowledged.
  void Update(int kind, std::size_t i, Fault fault) {
    const Table one = tests::One(data_.table, i), other = WithId(tests::One(data_.table, i + 1), one.ids[0]);
    const auto outcome = kind == 0   ? store_->Forget({.records = one.ids})
                         : kind == 1 ? store_->Learn(WithId(one, 9'000 + i))
                                     : store_->Correct(other);
    if (!outcome.ok()) return Judge(outcome.error(), fault);
    if (kind != 1) live_ = Without(live_, one.ids);
    if (kind == 1) Append(WithId(one, 9'000 + i));
    if (kind == 2) Append(other);
    Judge(store_->Await(outcome->sequence, Stage::kDurable), fault);
  }
  void Story(Fault fault) {
    Update(0, 1, fault);
    Update(1, 2, fault);
    Update(2, 3, fault);
    if (const auto report = store_->Checkpoint(); !report.ok()) Judge(report.error(), fault);
    Update(0, 4, fault);
    Judge(store_->Compact(), fault);
    Update(2, 5, fault);
  }

  static Table WithId(Table one, RecordId id) {
    one.ids = {id};
    return one;
  }
  void Append(const Table& one) {
    live_.ids.push_back(one.ids[0]);
    live_.labels.push_back(one.labels[0]);
    live_.cells.insert(live_.cells.end(), one.cells.begin(), one.cells.end());
    live_.subjects.push_back(one.subjects[0]);
  }

  // With the disk well again the same object goes on.
  void Continue() {
    const auto outcome = store_->Forget({.records = {data_.table.ids[10]}});
    ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
    live_ = Without(live_, {data_.table.ids[10]});
    const Status erased = store_->Await(store_->sequence(), Stage::kErased);
    ASSERT_TRUE(erased.ok()) << erased.error().ToString();
    EXPECT_EQ(store_->pending_erasures(), 0U);
    EXPECT_TRUE(EqualsTrained(*store_, live_));
    Reopen(store_);
    EXPECT_TRUE(EqualsTrained(*store_, live_));
  }

  tests::FaultyDisk disk_;
  tests::Data data_;
  std::string healthy_;
  Table live_;
  StorePointer store_;
  std::size_t failures_ = 0;
};

TEST_P(FaultTest, EveryWriteAndSyncMayFail) {
  const auto [fault, lasting] = GetParam();
  std::size_t runs = 0;
  std::uint64_t n = 1;
  const bool each = std::getenv("HEDGEROW_SOAK_FAULTS") != nullptr;
  for (bool hit = true; hit; n += each ? 1 : 1 + n / 10) {
    SCOPED_TRACE(fmt::format("operation {}", n));
    Begin();
    disk_.FailAt(n, fault, lasting);
    Story(fault);
    hit = disk_.failed();
    EXPECT_TRUE(EqualsTrained(*store_, live_)) << "what was refused has changed the model";
    disk_.Heal();
    if (hit) {
      ++runs;
      Continue();
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(runs, 25U);
  EXPECT_GT(failures_, lasting ? 2 * runs : runs / 2);
}

// Callers that forget, wait and erase beside each other while the disk fails now and then: each tries until it is
// through.
TEST_P(FaultTest, CallersGoOnTrying) {
  constexpr std::size_t kRounds = 6, kCallers = 3, kRequests = 4;
  const auto [fault, lasting] = GetParam();
  Begin();
  std::mt19937_64 random(tests::Seed(97));
  for (std::size_t round = 0; round < kRounds; ++round) {
    disk_.FailAt(1 + random() % 60, fault, lasting);
    std::atomic<std::size_t> left = kCallers;
    std::vector<std::thread> threads;
    for (std::size_t w = 0; w < kCallers; ++w) {
      threads.emplace_back([&, w] {
        for (std::size_t k = 0; k < kRequests; ++k) {
          const RecordId id = data_.table.ids[(round * kCallers + w) * kRequests + k];
          const ForgetRequest request{.records = {id}, .options = {.request_id = fmt::format("{}", id)}};
          Result<Outcome> outcome = store_->Forget(request);
          for (; !outcome.ok(); outcome = store_->Forget(request)) {
            EXPECT_EQ(outcome.error().code, ErrorCode::kIo) << outcome.error().ToString();
            disk_.Heal();
          }
          while (!store_->Await(outcome->sequence, k % 2 == 0 ? Stage::kDurable : Stage::kErased).ok()) disk_.Heal();
        }
        --left;
      });
    }
    threads.emplace_back([&] {
      while (left != 0) {
        if (!store_->Checkpoint().ok()) disk_.Heal();
      }
    });
    for (std::thread& thread : threads) thread.join();
    disk_.Heal();
  }
  const std::size_t count = kRounds * kCallers * kRequests;
  const std::vector<RecordId> gone(data_.table.ids.begin(),
                                   data_.table.ids.begin() + static_cast<std::ptrdiff_t>(count));
  EXPECT_TRUE(EqualsTrained(*store_, Without(data_.table, gone)));
  Reopen(store_);
  EXPECT_TRUE(EqualsTrained(*store_, Without(data_.table, gone)));
}

INSTANTIATE_TEST_SUITE_P(Ways, FaultTest,
                         ::testing::Values(Way{Fault::kNoSpace, true}, Way{Fault::kNoSpace, false},
                                           Way{Fault::kIo, true}, Way{Fault::kIo, false}),
                         [](const auto& way) {
                           return fmt::format("{}{}", way.param.fault == Fault::kIo ? "IoError" : "NoSpace",
                                              way.param.lasting ? "ForGood" : "Once");
                         });

}  // namespace
}  // namespace hedgerow::storage
