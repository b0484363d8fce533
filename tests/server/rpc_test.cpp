// Client and server in one process: every method, roles, and what is refused.
#include <fstream>

#include "tests/server/rpc_fixture.h"

namespace hedgerow::server {
namespace {

using storage::Stage;
using Kind = Update::Kind;

constexpr const char* kId = "00000000-0000-4000-8000-000000000001";

TEST_F(RpcTest, TellsWhoIsThere) {
  const tests::Data data = SomePeople(1);
  Start(data);
  const auto client = Connect();
  EXPECT_TRUE(client->Ping().ok());
  EXPECT_EQ(client->server().version, "test");
  EXPECT_EQ(client->server().stores, std::vector<std::string>{"a"});
  EXPECT_EQ(client->server().roles.size(), 5U) << "the server's own user may do everything";
  const auto info = client->Info();
  ASSERT_TRUE(info.ok()) << info.error().ToString();
  EXPECT_EQ(info->store, "a");
  EXPECT_EQ(info->model.schema, data.schema);
  EXPECT_EQ(info->model.key.bytes, datasets::CategoryKeyFromSeed(5).bytes);
}

TEST_F(RpcTest, PredictsOneRowAndMany) {
  const tests::Data data = SomePeople(2);
  Start(data);
  std::vector<double> expected(60 * 3);
  daemon_->service().stores()[0]->store().Predict(data.table.cells.data(), 60, expected.data(), *executor_);
  const auto client = Connect();
  const auto one = client->Predict(data.table.row(3));
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->probabilities, std::vector<double>(expected.begin() + 9, expected.begin() + 12));
  EXPECT_EQ(one->sequence, 0U);
  const auto all = client->PredictBatch(data.table.cells, data.table.width);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->probabilities, expected);
  // So many that they leave the event loop.
  std::vector<datasets::Cell> many;
  while (many.size() < 40'000) many.insert(many.end(), data.table.cells.begin(), data.table.cells.end());
  const auto large = client->PredictBatch(many, data.table.width);
  ASSERT_TRUE(large.ok());
  EXPECT_EQ(large->probabilities.size(), many.size() / data.table.width * 3);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), large->probabilities.end() - 180));
  EXPECT_EQ(client->Predict(data.table.row(3).subspan(1)).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(client->Predict(data.table.row(3), 1).error().code, ErrorCode::kNotYet);
  many.resize((client->server().max_batch_rows + 1) * data.table.width);
  EXPECT_EQ(client->PredictBatch(many, data.table.width).error().code, ErrorCode::kBadInput);
}

TEST_F(RpcTest, ForgetsAndWaitsForEveryStage) {
  const tests::Data data = SomePeople(3);
  options_.erase_within = std::chrono::milliseconds(20);
  Start(data);
  const auto client = Connect();
  const auto [subject, count] = SomeSubject(data);
  const auto dry = client->Forget({.subjects = {subject}, .options = {.request_id = kId}, .dry_run = true});
  ASSERT_TRUE(dry.ok());
  EXPECT_EQ(dry->stores[0].result->record_count, count);
  const auto update = client->Forget(
      {.subjects = {subject}, .options = {.request_id = kId, .ground = storage::Ground::kB}}, Stage::kDurable);
  ASSERT_TRUE(update.ok()) << update.error().ToString();
  ASSERT_EQ(update->kind, Kind::kDone);
  const storage::Outcome& outcome = *update->stores[0].result;
  EXPECT_EQ(outcome.request_id, kId);
  EXPECT_EQ(outcome.record_count, count);
  EXPECT_EQ(outcome.records.size(), count);
  EXPECT_NE(outcome.root_before, outcome.root_after);
  EXPECT_GT(outcome.effect.nodes, 0U);
  EXPECT_TRUE(client->Predict(data.table.row(0), outcome.sequence).ok()) << "read your own erasure";
  for (const Stage stage : {Stage::kUnlearned, Stage::kDurable, Stage::kExact, Stage::kErased}) {
    EXPECT_TRUE(update->ticket.Await(stage).ok());
    EXPECT_TRUE(client->Await(kId, stage).ok());
  }
  const auto status = client->StatusOf(kId);
  ASSERT_TRUE(status.ok() && status->has_value());
  EXPECT_EQ((*status)->stage, Stage::kErased);
  EXPECT_EQ((*status)->ground, storage::Ground::kB);
  EXPECT_EQ((*status)->records, count);
  const auto again = client->Forget({.subjects = {subject}, .options = {.request_id = kId}});
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->stores[0].result->repeated);
  const auto verified = client->Verify();
  ASSERT_TRUE(verified.ok());
  EXPECT_TRUE(verified->equal);
  EXPECT_EQ(verified->comparison.root, outcome.root_after);
  EXPECT_EQ(verified->comparison.records, 60 - count);
}

TEST_F(RpcTest, WhatIsUnknownChangesNothing) {
  const tests::Data data = SomePeople(4);
  Start(data);
  const auto client = Connect();
  const auto update =
      client->Forget({.records = {data.table.ids[0], 424'242}, .subjects = {"nobody"}}, Stage::kDurable);
  ASSERT_TRUE(update.ok());
  EXPECT_EQ(update->kind, Kind::kUnknown);
  EXPECT_EQ(update->stores[0].result->unknown, std::vector<RecordId>{424'242});
  EXPECT_EQ(update->stores[0].result->unknown_subjects, std::vector<std::size_t>{0});
  EXPECT_EQ(update->ticket.Await(Stage::kDurable).error().code, ErrorCode::kUnknownRecord);
  EXPECT_EQ(client->Describe()->records, 60U);
  EXPECT_EQ(client->Forget({}).error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->Forget({.records = {1}, .options = {.request_id = "Mrs Miller"}}).error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->Forget({.subjects = {""}}).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(client->Forget({.subjects = {std::string(1'025, 'x')}}).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(client->Forget({.subjects = {"\xff"}}).error().code, ErrorCode::kBadInput);
  EXPECT_FALSE(client->StatusOf(kId)->has_value());
  EXPECT_EQ(client->StatusOf("x").error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->Await(kId, Stage::kDurable).error().code, ErrorCode::kUnknownRecord);
}

TEST_F(RpcTest, LearnsAndCorrects) {
  tests::Data data = SomePeople(5);
  Start(data);
  const auto client = Connect();
  datasets::Table more = tests::One(data.table, 0);
  more.ids[0] = 1'000;
  more.subjects = {"a new person"};
  const auto learned = client->Learn(more, {.request_id = kId});
  ASSERT_TRUE(learned.ok()) << learned.error().ToString();
  EXPECT_EQ(learned->stores[0].result->record_count, 1U);
  EXPECT_TRUE(learned->ticket.Await(Stage::kDurable).ok());
  EXPECT_EQ(client->Learn(more).error().code, ErrorCode::kBadInput);
  more.labels[0] = 2;
  EXPECT_EQ(client->Correct(more)->kind, Kind::kDone);
  more.ids[0] = 2'000;
  EXPECT_EQ(client->Correct(more)->kind, Kind::kUnknown);
  more.labels[0] = 3;
  EXPECT_EQ(client->Learn(more).error().code, ErrorCode::kBadInput) << "no such class";
  const auto gone = client->Forget({.subjects = {"a new person"}});
  EXPECT_EQ(gone->stores[0].result->records, std::vector<RecordId>{1'000});
  EXPECT_TRUE(client->Verify()->equal);
}

// The bug: a request that was larger than the server takes ended the connection, and nobody was told why.
TEST_F(RpcTest, WhatDoesNotFitIsSaidBeforeItIsSent) {
  const tests::Data data = SomePeople(10);
  Start(data);
  const auto client = Connect();
  const std::size_t most = client->server().max_message_bytes / sizeof(RecordId);
  std::vector<RecordId> many(most, data.table.ids[0]);
  for (const Stage stage : {Stage::kUnlearned, Stage::kDurable}) {
    const auto refused = client->Forget({.records = many}, stage);
    EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
    EXPECT_NE(refused.error().message.find("the server takes 8192 at once"), std::string::npos);
  }
  EXPECT_EQ(client->PredictBatch(std::vector<datasets::Cell>(4 * most), 4).error().code, ErrorCode::kUsage);
  EXPECT_TRUE(client->Ping().ok()) << "the connection goes on";
  many.resize(most - 1'000);
  EXPECT_EQ(client->Forget({.records = many})->stores[0].result->record_count, 1U) << "as large as may be";
}

TEST_F(RpcTest, AnOperatorRunsTheServer) {
  Start(SomePeople(6));
  const auto client = Connect();
  ASSERT_TRUE(client->Forget({.records = {daemon_->service().stores()[0]->store().model().records().id(0)}}).ok());
  EXPECT_TRUE(client->Checkpoint().ok());
  EXPECT_EQ(client->Describe()->pending_erasures, 1U);
  EXPECT_TRUE(client->Compact().ok());
  EXPECT_EQ(client->Describe()->pending_erasures, 0U);
  EXPECT_TRUE(client->Reload().ok());
  const auto metrics = client->Metrics();
  ASSERT_TRUE(metrics.ok());
  for (const char* line : {"hedgerow_requests_total{transport=\"rpc\",method=\"forget\",result=\"done\"} 1\n",
                           "hedgerow_records{store=\"a\"} 59\n", "hedgerow_connections 1\n"}) {
    EXPECT_NE(metrics->find(line), std::string::npos) << line << *metrics;
  }
}

TEST_F(RpcTest, SeveralStores) {
  const tests::Data data = SomePeople(7);
  Start({{"a", MakeStore("a", data)}, {"b", MakeStore("b", data)}});
  const auto [subject, count] = SomeSubject(data);
  const auto all = Connect();
  EXPECT_EQ(all->Predict(data.table.row(0)).error().code, ErrorCode::kUsage) << "which store?";
  const auto update = all->Forget({.subjects = {subject}}, Stage::kDurable);
  ASSERT_TRUE(update.ok());
  ASSERT_EQ(update->stores.size(), 2U);
  EXPECT_EQ(update->stores[1].store, "b");
  EXPECT_EQ(update->stores[1].result->record_count, count);
  const auto b = Connect({.address = "unix:" + socket_, .store = "b"});
  EXPECT_TRUE(b->Predict(data.table.row(0)).ok());
  EXPECT_EQ(Connect({.address = "unix:" + socket_, .store = "c"})->Predict(data.table.row(0)).error().code,
            ErrorCode::kUsage);
}

// On TCP nobody is anybody without a token, and a token gives its roles and no more. Reloading takes them away again.
TEST_F(RpcTest, TokensGiveRoles) {
  const std::string path = scratch_.Path("tokens"), predicts = MakeToken(), all = MakeToken();
  std::ofstream(path) << TokenLine(*ParseRoles("predict"), predicts, "x") << TokenLine(Roles::All(), all, "y");
  daemon_options_.token_file = path;
  daemon_options_.rpc.addresses.push_back(*ParseAddress("127.0.0.1:0"));
  const tests::Data data = SomePeople(8);
  Start(data);
  const std::string tcp = daemon_->rpc().addresses()[1].ToString();
  const auto stranger = Connect({.address = tcp});
  EXPECT_TRUE(stranger->server().roles.empty() && stranger->server().stores.empty());
  EXPECT_EQ(stranger->Predict(data.table.row(0)).error().code, ErrorCode::kUnauthorised);
  EXPECT_EQ(stranger->Forget({.records = {1}}).error().code, ErrorCode::kUnauthorised);
  EXPECT_EQ(stranger->Describe().error().code, ErrorCode::kUnauthorised);
  EXPECT_EQ(stranger->Shutdown().error().code, ErrorCode::kUnauthorised);
  EXPECT_EQ(Client::Connect({.address = tcp, .token = "guess"}).error().code, ErrorCode::kUnauthorised);
  const auto one = Connect({.address = tcp, .token = predicts});
  EXPECT_EQ(one->server().roles, std::vector<std::string>{"predict"});
  EXPECT_TRUE(one->Predict(data.table.row(0)).ok());
  EXPECT_EQ(one->Forget({.records = {1}}).error().code, ErrorCode::kUnauthorised);
  const auto other = Connect({.address = tcp, .token = all});
  EXPECT_TRUE(other->Describe().ok());
  std::ofstream(path, std::ios::trunc) << TokenLine(Roles::All(), all, "y");
  EXPECT_TRUE(daemon_->Reload().ok());
  EXPECT_EQ(one->Predict(data.table.row(0)).error().code, ErrorCode::kUnreachable) << "its token is gone";
  EXPECT_TRUE(other->Describe().ok());
  EXPECT_EQ(Client::Connect({.address = tcp, .token = predicts}).error().code, ErrorCode::kUnauthorised);
  std::ofstream(path, std::ios::trunc) << "nonsense\n";
  EXPECT_FALSE(daemon_->Reload().ok());
  EXPECT_TRUE(Client::Connect({.address = tcp, .token = all}).ok()) << "a file that cannot be read changes nothing";
}

TEST_F(RpcTest, DoesNotListenWhereItWouldBeOpen) {
  options_.stores = {{"a", MakeStore("a", SomePeople(9))}};
  daemon_options_.service = options_;
  for (const char* address : {"127.0.0.1:0", "0.0.0.0:0", "[::]:0"}) {
    daemon_options_.rpc.addresses = {*ParseAddress(address)};
    const auto daemon = Daemon::Start(daemon_options_);
    ASSERT_FALSE(daemon.ok());
    EXPECT_EQ(daemon.error().code, ErrorCode::kUsage);
  }
  const std::string path = scratch_.Path("tokens");
  std::ofstream(path) << TokenLine(Roles::All(), MakeToken(), "y");
  daemon_options_.token_file = path;
  daemon_options_.rpc.addresses = {*ParseAddress("0.0.0.0:0")};
  EXPECT_NE(Daemon::Start(daemon_options_).error().message.find("unencrypted"), std::string::npos);
  daemon_options_.rpc.addresses = {*ParseAddress("tls:127.0.0.1:0")};
  EXPECT_EQ(Daemon::Start(daemon_options_).error().code, ErrorCode::kUsage) << "TLS without a certificate";
}

TEST(AddressTest, IsParsed) {
  EXPECT_EQ(ParseAddress("unix:a")->ToString(), "unix:a");
  EXPECT_EQ(ParseAddress("/run/x.sock")->ToString(), "unix:/run/x.sock");
  EXPECT_EQ(ParseAddress("localhost:80")->ToString(), "localhost:80");
  EXPECT_EQ(ParseAddress("tls:[::1]:443")->ToString(), "tls:[::1]:443");
  for (const char* wrong : {"", "host", ":1", "host:", "host:x", "host:65536", "::1:80", "unix:", "tls:", "[]:1"}) {
    EXPECT_FALSE(ParseAddress(wrong).ok()) << wrong;
  }
  EXPECT_TRUE(*IsLocal(*ParseAddress("127.0.0.1:1")));
  EXPECT_TRUE(*IsLocal(*ParseAddress("[::1]:1")));
  EXPECT_FALSE(*IsLocal(*ParseAddress("0.0.0.0:1")));
  EXPECT_FALSE(*IsLocal(*ParseAddress("192.0.2.1:1")));
}

}  // namespace
}  // namespace hedgerow::server
