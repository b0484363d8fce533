// The service without any transport: order, stages, several stores, overload, draining.
#include "tests/server/service_fixture.h"

namespace hedgerow::server {
namespace {

using Kind = ErasureReport::Kind;
using storage::Stage;

constexpr const char* kId = "00000000-0000-4000-8000-000000000001";

TEST_F(ServiceTest, PredictsWhatTheStorePredicts) {
  const tests::Data data = SomePeople(1);
  const std::string path = MakeStore("a", data);
  std::vector<double> expected(3);
  {
    directory_ = path;
    const auto store = Open(storage::OpenMode::kRead);
    store->Predict(data.table.row(7).data(), 1, expected.data(), *executor_);
  }
  const auto service = Serve({{"a", path}});
  const auto one = (*service->Find(""))->Predict<Prediction>(data.table.row(7), 0, *executor_);
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->probabilities, expected);
  const auto batch = Ask<Prediction>(
      [&](const auto& done) { service->PredictBatch(**service->Find("a"), data.table.cells, 0, done); });
  ASSERT_TRUE(batch.ok());
  ASSERT_EQ(batch->probabilities.size(), 60 * 3U);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), batch->probabilities.begin() + 21));
}

// Read your own erasure: from the acknowledgement on, its number is one that predictions know of; a later one is not.
TEST_F(ServiceTest, APredictionKnowsOfWhatWasAcknowledged) {
  const tests::Data data = SomePeople(2);
  const auto service = Serve({{"a", MakeStore("a", data)}});
  HostedStore& store = **service->Find("a");
  const ErasureReport report = EraseIn(*service, {.records = {data.table.ids[3]}});
  ASSERT_EQ(report.kind, Kind::kDone);
  const std::uint64_t sequence = report.stores[0].result->sequence;
  EXPECT_EQ(sequence, 1U);
  EXPECT_TRUE(store.Predict<Prediction>(data.table.row(0), sequence, *executor_).ok());
  const auto later = store.Predict<Prediction>(data.table.row(0), sequence + 1, *executor_);
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(later.error().code, ErrorCode::kNotYet);
}

TEST_F(ServiceTest, UpdatesReachEveryStageAndSurvive) {
  tests::Data data = SomePeople(3);
  const std::string path = MakeStore("a", data);
  auto service = Serve({{"a", path}});
  const ErasureReport report =
      EraseIn(*service, {.records = {data.table.ids[3], data.table.ids[4]}, .options = {.request_id = kId}});
  ASSERT_EQ(report.kind, Kind::kDone);
  HostedStore& store = **service->Find("a");
  options_.erase_within = std::chrono::milliseconds(1);
  for (const Stage stage : {Stage::kUnlearned, Stage::kDurable, Stage::kExact}) {
    EXPECT_TRUE(AwaitIn(*service, {{&store, report.stores[0].result->sequence}}, stage).ok());
  }
  EXPECT_FALSE(AwaitIn(*service, {{&store, 99}}, Stage::kDurable).ok());
  EXPECT_TRUE(AwaitIn(*service, {{&store, 0}}, Stage::kExact).ok());
  const auto found =
      Ask<std::optional<storage::RequestStatus>>([&](const auto& done) { service->StatusOf({&store}, kId, done); });
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->stage, Stage::kExact);
  EXPECT_EQ((*found)->records, 2U);
  EXPECT_TRUE(service->Drain().ok());
  service.reset();
  directory_ = path;
  const auto reopened = Open();
  EXPECT_EQ(reopened->pending_erasures(), 0U) << "draining erases what is pending";
  EXPECT_TRUE(EqualsTrained(*reopened, Without(data.table, {data.table.ids[3], data.table.ids[4]})));
}

// A person with very many records: whoever comes behind her does not wait until all of them are gone.
TEST_F(ServiceTest, ALargeErasureLetsOthersPass) {
  std::mt19937_64 random(tests::Seed(13));
  tests::Data data = People(random, {.records = 2'500, .features = 4, .classes = 3});
  std::vector<storage::StoreTest::RecordId> gone;
  for (std::size_t i = 0; i < 2'000; ++i) {
    data.table.subjects[i] = "ann";
    gone.push_back(data.table.ids[i]);
  }
  const std::string path = MakeStore("a", data);
  auto service = Serve({{"a", path}});
  std::promise<ErasureReport> large;
  std::future<ErasureReport> answer = large.get_future();
  Erase(*service->FindAll("a"), {.subjects = {"ann"}, .options = {.request_id = kId}},
        [&](ErasureReport report) { large.set_value(std::move(report)); });
  std::uint64_t first = 0;
  for (std::size_t i = 2'000; i < 2'020; ++i) {
    const ErasureReport report = EraseIn(*service, {.records = {data.table.ids[i]}});
    ASSERT_EQ(report.kind, Kind::kDone);
    if (first == 0) first = report.stores[0].result->sequence;
    gone.push_back(data.table.ids[i]);
  }
  const ErasureReport report = answer.get();
  ASSERT_EQ(report.kind, Kind::kDone);
  EXPECT_EQ(report.stores[0].result->record_count, 2'000U);
  EXPECT_LT(first, report.stores[0].result->sequence);
  EXPECT_GE((*service->Find("a"))->applied(), report.stores[0].result->sequence);
  service.reset();
  directory_ = path;
  EXPECT_TRUE(EqualsTrained(*Open(), Without(data.table, gone)));
}

TEST_F(ServiceTest, ErasedIsReachedInTime) {
  const tests::Data data = SomePeople(4);
  options_.erase_within = std::chrono::milliseconds(20);
  const auto service = Serve({{"a", MakeStore("a", data)}});
  ASSERT_EQ(EraseIn(*service, {.records = {data.table.ids[0]}}).kind, Kind::kDone);
  EXPECT_TRUE(AwaitIn(*service, {{service->Find("a").value(), 0}}, Stage::kErased).ok());
  EXPECT_EQ((*service->Find("a"))->store().pending_erasures(), 0U);
}

TEST_F(ServiceTest, VerifiesAgainAndAgain) {
  const tests::Data data = SomePeople(6);
  options_.verify_every = std::chrono::milliseconds(5);
  const std::string path = MakeStore("a", data);
  auto service = Serve({{"a", path}});
  HostedStore& store = **service->Find("a");
  ASSERT_EQ(EraseIn(*service, {.records = {data.table.ids[0]}}).kind, Kind::kDone);
  store.verified().wait(HostedStore::Verified::kNotYet);
  EXPECT_EQ(store.verified().load(), HostedStore::Verified::kEqual);
  EXPECT_TRUE(service->Drain().ok());
}

// Verifications that are due all the time leave room for those that somebody asks for.
TEST_F(ServiceTest, VerifiesForOthersMeanwhile) {
  options_.verify_every = std::chrono::milliseconds(1);
  const tests::Data data = SomePeople(6);
  auto service = Serve({{"a", MakeStore("a", data)}, {"b", MakeStore("b", data)}});
  HostedStore& store = **service->Find("a");
  for (std::size_t i = 0; i < 30; ++i) {
    const auto verified = Ask<Verification>([&](const auto& done) { service->Verify(store, done); });
    ASSERT_TRUE(verified.ok()) << verified.error().ToString();
    EXPECT_EQ(verified->comparison.root, verified->comparison.regrown_root);
  }
  store.verified().wait(HostedStore::Verified::kNotYet);
  EXPECT_TRUE(service->Drain().ok());
}

TEST_F(ServiceTest, LearnsAndCorrects) {
  const tests::Data data = SomePeople(5);
  const std::string path = MakeStore("a", data);
  auto service = Serve({{"a", path}});
  HostedStore& store = **service->Find("");
  datasets::Table more = tests::One(data.table, 0);
  more.ids[0] = 1'000;
  const auto learned = Ask<storage::Outcome>([&](const auto& done) { store.Learn(more, {}, done); });
  ASSERT_TRUE(learned.ok());
  EXPECT_EQ(learned->records, std::vector<RecordId>{1'000});
  const auto again = Ask<storage::Outcome>([&](const auto& done) { store.Learn(more, {}, done); });
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kBadInput);
  more.labels[0] = static_cast<datasets::ClassCode>((more.labels[0] + 1) % 3);
  ASSERT_TRUE(Ask<storage::Outcome>([&](const auto& done) { store.Correct(more, {}, done); }).ok());
  const auto verified = Ask<Verification>([&](const auto& done) { service->Verify(store, done); });
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ(verified->comparison.root, verified->comparison.regrown_root);
  EXPECT_EQ(verified->comparison.records, 61U);
  EXPECT_EQ(verified->comparison.sequence, 2U);
  const auto info = Ask<storage::StoreInfo>([&](const auto& done) { service->Describe(store, done); });
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->records, 61U);
  EXPECT_EQ(info->root, verified->comparison.root);
}

// A person is forgotten in all stores by one request, also where only some of them know her.
TEST_F(ServiceTest, ASubjectIsForgottenInAllStores) {
  tests::Data a = SomePeople(6), b = SomePeople(7);
  const auto [subject, in_a] = SomeSubject(a);
  for (std::string& other : b.table.subjects) other = other == subject ? "" : other;
  const tests::Data c = SomePeople(6);
  const auto service = Serve({{"a", MakeStore("a", a)}, {"b", MakeStore("b", b)}, {"c", MakeStore("c", c)}});
  storage::ForgetRequest request{.subjects = {subject}, .options = {.request_id = kId}};
  request.dry_run = true;
  const ErasureReport dry = EraseIn(*service, request);
  ASSERT_EQ(dry.kind, Kind::kDone);
  EXPECT_EQ(dry.stores[0].result->record_count, in_a);
  EXPECT_EQ((*service->Find("a"))->applied(), 0U);
  request.dry_run = false;
  const ErasureReport report = EraseIn(*service, request);
  ASSERT_EQ(report.kind, Kind::kDone);
  EXPECT_EQ(report.stores[0].result->record_count, in_a);
  EXPECT_EQ(report.stores[1].result->record_count, 0U);
  EXPECT_EQ(report.stores[2].result->record_count, in_a);
  const ErasureReport again = EraseIn(*service, request);
  ASSERT_EQ(again.kind, Kind::kDone);
  EXPECT_TRUE(again.stores[0].result->repeated && again.stores[2].result->repeated);
  EXPECT_EQ((*service->Find("a"))->applied(), 1U);
  const auto targets =
      Ask<std::vector<Target>>([&](const auto& done) { service->FindRequest(*service->FindAll(""), kId, done); });
  ASSERT_TRUE(targets.ok());
  EXPECT_EQ(targets->size(), 2U);
  EXPECT_TRUE(AwaitIn(*service, *targets, Stage::kDurable).ok());
}

// Somebody whom no store knows: nothing is changed anywhere, and her position is told.
TEST_F(ServiceTest, WhoIsUnknownEverywhereStopsTheRequest) {
  const tests::Data a = SomePeople(8);
  const auto service = Serve({{"a", MakeStore("a", a)}, {"b", MakeStore("b", SomePeople(9))}});
  const auto [subject, records] = SomeSubject(a);
  const ErasureReport report = EraseIn(*service, {.subjects = {subject, "nobody at all"}});
  EXPECT_EQ(report.kind, Kind::kUnknown);
  for (const StoreResult& store : report.stores) {
    EXPECT_EQ(store.result->unknown_subjects, std::vector<std::size_t>{1});
  }
  EXPECT_EQ((*service->Find("a"))->applied() + (*service->Find("b"))->applied(), 0U);
  EXPECT_EQ(EraseIn(*service, {.records = {a.table.ids[0]}}).kind, Kind::kFailed) << "records of which store?";
  EXPECT_EQ(EraseIn(*service, {}).kind, Kind::kFailed);
  EXPECT_EQ(EraseIn(*service, {.records = {424'242}}, "a").kind, Kind::kUnknown);
}

// One store is full: the others forget, the report says which is missing, and the same request completes it.
TEST_F(ServiceTest, APartialFailureIsToldAndCanBeRepeated) {
  const tests::Data a = SomePeople(10);
  options_.limits.updates.jobs = 1;
  const auto service = Serve({{"a", MakeStore("a", a)}, {"b", MakeStore("b", a)}});
  HostedStore& full = **service->Find("b");
  std::promise<void> release, reached;
  const std::shared_future<void> released = release.get_future().share();
  const auto [subject, records] = SomeSubject(a);
  // b's writer is busy with an answer, and one more question waits: its queue of one is full.
  full.Resolve({.records = {a.table.ids[0]}}, [&](const auto&) {
    reached.set_value();
    released.wait();
  });
  reached.get_future().wait();
  full.Resolve({.records = {a.table.ids[0]}}, [](const auto&) {});
  Result<storage::Outcome> refused = Ask<storage::Outcome>(
      [&](const auto& done) { full.Forget({.subjects = {subject}, .options = {.request_id = kId}}, done); });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_GT(refused.error().retry_after_ms, 0U);
  const ErasureReport failed = EraseIn(*service, {.subjects = {subject}, .options = {.request_id = kId}});
  EXPECT_EQ(failed.kind, Kind::kFailed) << "nothing was forgotten before all stores could be asked";
  EXPECT_EQ((*service->Find("a"))->applied(), 0U);
  release.set_value();
  ErasureReport done;
  do {  // until what filled the queue has gone
    done = EraseIn(*service, {.subjects = {subject}, .options = {.request_id = kId}});
  } while (done.kind == Kind::kFailed);
  EXPECT_EQ(done.kind, Kind::kDone);
  EXPECT_EQ((*service->Find("a"))->applied(), 1U);
  EXPECT_EQ(full.applied(), 1U);
}

// A store whose disk part fails while another forgets: kPartial, and nothing is lost.
TEST_F(ServiceTest, AStoreThatGoesDownLeavesAPartialErasure) {
  const tests::Data a = SomePeople(11);
  const std::string path = MakeStore("b", a);
  auto service = Serve({{"a", MakeStore("a", a)}, {"b", path}});
  const auto [subject, records] = SomeSubject(a);
  const storage::ForgetRequest request{.subjects = {subject}, .options = {.request_id = kId}};
  // The last question that is answered is a's; by then b takes nothing more.
  HostedStore& gone = **service->Find("b");
  std::promise<void> release, reached;
  const std::shared_future<void> released = release.get_future().share();
  (*service->Find("a"))->Resolve({.records = {a.table.ids[0]}}, [&](const auto&) {
    reached.set_value();
    released.wait();
  });
  reached.get_future().wait();
  std::promise<ErasureReport> answer;
  Erase(*service->FindAll(""), request, [&](ErasureReport report) { answer.set_value(std::move(report)); });
  EXPECT_TRUE(gone.Drain().ok());
  release.set_value();
  const ErasureReport report = answer.get_future().get();
  ASSERT_EQ(report.kind, Kind::kPartial);
  EXPECT_TRUE(report.stores[0].result.ok());
  ASSERT_FALSE(report.stores[1].result.ok());
  EXPECT_EQ(report.stores[1].result.error().code, ErrorCode::kUnreachable);
  service.reset();
  service = Serve(options_.stores);
  const ErasureReport again = EraseIn(*service, request);
  EXPECT_EQ(again.kind, Kind::kDone);
  EXPECT_TRUE(again.stores[0].result->repeated);
  EXPECT_EQ(again.stores[1].result->record_count, records);
}

TEST_F(ServiceTest, DrainingAnswersWhoeverWaits) {
  const tests::Data data = SomePeople(12);
  options_.erase_within = std::chrono::hours(1);
  const auto service = Serve({{"a", MakeStore("a", data)}});
  HostedStore& store = **service->Find("a");
  ASSERT_EQ(EraseIn(*service, {.records = {data.table.ids[0]}}).kind, Kind::kDone);
  std::promise<Status> erased;
  service->Await({{&store, 0}}, Stage::kErased, [&](const Status& status) { erased.set_value(status); });
  EXPECT_TRUE(service->Drain().ok());
  (void)erased.get_future().get();
  EXPECT_EQ(store.store().pending_erasures(), 0U);
  const ErasureReport late = EraseIn(*service, {.records = {data.table.ids[1]}});
  ASSERT_EQ(late.kind, Kind::kFailed);
  EXPECT_EQ(late.stores[0].result.error().code, ErrorCode::kUnreachable);
}

TEST_F(ServiceTest, StoresAreFoundByName) {
  const tests::Data data = SomePeople(13);
  const auto service = Serve({{"a", MakeStore("a", data)}, {"b", MakeStore("b", data)}});
  EXPECT_TRUE(service->Find("b").ok());
  EXPECT_FALSE(service->Find("").ok());
  EXPECT_FALSE(service->Find("c").ok());
  EXPECT_EQ(service->FindAll("")->size(), 2U);
  options_.stores = {{"a", "x"}, {"a", "y"}};
  EXPECT_EQ(Service::Open(options_).error().code, ErrorCode::kUsage);
  options_.stores.clear();
  EXPECT_EQ(Service::Open(options_).error().code, ErrorCode::kUsage);
  options_.stores = {{"a", scratch_.Path("absent")}};
  EXPECT_EQ(Service::Open(options_).error().code, ErrorCode::kStoreUnavailable);
}

}  // namespace
}  // namespace hedgerow::server
