// Classes alone over RPC: the classes of the probabilities, refused where those would be; and servers that are older
// than the call.
#include <capnp/ez-rpc.h>
#include <capnp/rpc-twoparty.h>

#include <fstream>
#include <limits>

#include "server/hedgerow.capnp.h"
#include "server/loop_thread.h"
#include "server/wire.h"
#include "tests/server/rpc_fixture.h"

namespace hedgerow::server {
namespace {

using datasets::Cell;
using datasets::FeatureType;

class ClassifyTest : public RpcTest {
 protected:
  // So many that a batch of them leaves the event loop.
  std::vector<Cell> ManyRows(const datasets::Table& table) const {
    std::vector<Cell> rows;
    while (rows.size() <= daemon_options_.limits.inline_cells) {
      rows.insert(rows.end(), table.cells.begin(), table.cells.end());
    }
    return rows;
  }
};

// Rows of the data and rows of random bits, one by one and in batches on both sides of every limit. Of few trees
// without smoothing many classes are equally probable.
TEST_F(ClassifyTest, ClassesAreThoseOfTheProbabilities) {
  std::mt19937_64 random(tests::Seed(41));
  const tests::Data data = People(random, {.records = 300, .features = 5, .classes = 4});
  const std::size_t width = data.table.width;
  std::vector<StoreSpec> stores;
  for (const std::uint32_t trees : {2U, 9U, 40U}) {
    directory_ = scratch_.Path(std::to_string(trees));
    Create(data, {.seed = random(), .trees = trees, .occupancy = (trees + 1) / 2, .smoothing = trees == 9 ? 1.0 : 0.0});
    stores.push_back({std::to_string(trees), directory_});
  }
  Start(stores);
  std::vector<Cell> rows = ManyRows(data.table);
  for (std::size_t i = 0; i < rows.size(); i += 1 + random() % 3) rows[i] = static_cast<Cell>(random());
  std::size_t ties = 0;
  for (const StoreSpec& store : stores) {
    const auto client = Connect({.address = "unix:" + socket_, .store = store.name});
    for (const std::size_t count :
         {std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{700}, rows.size() / width}) {
      const std::span<const Cell> some(rows.data(), count * width);
      const auto predicted = client->PredictBatch(some, width);
      const auto classified = client->ClassifyBatch(some, width);
      ASSERT_TRUE(predicted.ok() && classified.ok());
      ASSERT_EQ(classified->classes.size(), count);
      EXPECT_EQ(classified->sequence, predicted->sequence);
      for (std::size_t i = 0; i < count; ++i) {
        const std::span<const double> of_row(predicted->probabilities.data() + i * 4, 4);
        const datasets::ClassCode expected = forest::MostProbable(of_row);
        ASSERT_EQ(classified->classes[i], expected) << store.name << " trees, row " << i << " of " << count;
        ties += std::count(of_row.begin(), of_row.end(), of_row[expected]) > 1 ? 1 : 0;
        if (count != 700) continue;
        const auto one = client->Classify(some.subspan(i * width, width));
        ASSERT_TRUE(one.ok());
        ASSERT_EQ(one->classes, std::vector<datasets::ClassCode>{expected}) << store.name << " trees, row " << i;
      }
    }
  }
  EXPECT_GT(ties, 100U) << "ties must be among what is tested";
}

TEST_F(ClassifyTest, IsRefusedAndCountedAsPredictionsAre) {
  const tests::Data data = SomePeople(42);
  Start(data);
  const auto client = Connect();
  const std::size_t width = data.table.width;
  std::vector<Cell> many = ManyRows(data.table);
  EXPECT_EQ(client->Classify(data.table.row(3).subspan(1)).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(client->Classify(data.table.row(3), 1).error().code, ErrorCode::kNotYet);
  EXPECT_EQ(client->ClassifyBatch(data.table.cells, width, 1).error().code, ErrorCode::kNotYet);
  EXPECT_EQ(client->ClassifyBatch(many, width, 1).error().code, ErrorCode::kNotYet);
  ASSERT_TRUE(client->Forget({.records = {data.table.ids[3]}}).ok());
  EXPECT_EQ(client->Classify(data.table.row(3), 1)->sequence, 1U) << "read your own erasure";
  EXPECT_EQ(client->ClassifyBatch(data.table.cells, width, 1)->sequence, 1U);
  EXPECT_EQ(client->ClassifyBatch(many, width, 1)->sequence, 1U);
  EXPECT_EQ(client->ClassifyBatch({}, width).error().code, ErrorCode::kBadInput) << "no rows";
  many.resize((client->server().max_batch_rows + 1) * width);
  EXPECT_EQ(client->ClassifyBatch(many, width).error().code, ErrorCode::kBadInput) << "a row too many";
  many.resize(client->server().max_message_bytes);
  EXPECT_EQ(client->ClassifyBatch(many, width).error().code, ErrorCode::kUsage) << "larger than a message may be";
  const auto metrics = client->Metrics();
  ASSERT_TRUE(metrics.ok());
  for (const char* line :
       {"hedgerow_requests_total{transport=\"rpc\",method=\"classify\",result=\"done\"} 1\n",
        "hedgerow_requests_total{transport=\"rpc\",method=\"classify\",result=\"refused\"} 2\n",
        "hedgerow_requests_total{transport=\"rpc\",method=\"classify_batch\",result=\"done\"} 2\n",
        "hedgerow_requests_total{transport=\"rpc\",method=\"classify_batch\",result=\"refused\"} 4\n",
        "hedgerow_request_seconds_count{transport=\"rpc\",method=\"classify_batch\"} 6\n"}) {
    EXPECT_NE(metrics->find(line), std::string::npos) << line << *metrics;
  }
}

TEST_F(ClassifyTest, LargeBatchesAreBounded) {
  options_.batches.jobs = 0;
  const tests::Data data = SomePeople(43);
  Start(data);
  const auto client = Connect();
  const auto refused = client->ClassifyBatch(ManyRows(data.table), data.table.width);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_GT(refused.error().retry_after_ms, 0U);
  EXPECT_TRUE(client->ClassifyBatch(data.table.cells, data.table.width).ok()) << "small ones do not wait there";
}

TEST_F(ClassifyTest, WantsTheRoleOfPredictions) {
  const std::string path = scratch_.Path("tokens"), predicts = MakeToken(), others = MakeToken();
  std::ofstream(path) << TokenLine(*ParseRoles("predict"), predicts, "x")
                      << TokenLine(*ParseRoles("erase,learn,audit,operate"), others, "y");
  daemon_options_.token_file = path;
  daemon_options_.rpc.addresses.push_back(*ParseAddress("127.0.0.1:0"));
  const tests::Data data = SomePeople(44);
  Start(data);
  const std::string tcp = daemon_->rpc().addresses()[1].ToString();
  EXPECT_TRUE(Connect({.address = tcp, .token = predicts})->Classify(data.table.row(0)).ok());
  for (const std::string& token : {std::string(), others}) {
    const auto client = Connect({.address = tcp, .token = token});
    EXPECT_EQ(client->Classify(data.table.row(0)).error().code, ErrorCode::kUnauthorised);
    EXPECT_EQ(client->ClassifyBatch(data.table.cells, data.table.width).error().code, ErrorCode::kUnauthorised);
  }
}

// What other languages' clients may get wrong: both forms say the same of it.
TEST_F(ClassifyTest, BadValuesAreToldAsOfPredictions) {
  const tests::Data data = SomePeople(45);
  Start(data);
  const std::vector<datasets::Feature>& features = data.schema.features;
  const auto width = static_cast<unsigned>(features.size());
  capnp::EzRpcClient rpc(("unix:" + socket_).c_str());
  wire::Predictor::Client predictor = rpc.getMain<wire::Gateway>().predictorRequest().send().getPredictor();
  const auto problem = [&](auto request, const auto& fill) {
    fill(request);
    const auto response = request.send().wait(rpc.getWaitScope());
    EXPECT_TRUE(response.getResult().isProblem());
    return ReadProblem(response.getResult().getProblem());
  };
  const auto expect_alike = [](const Error& predicted, const Error& classified, const std::string& place) {
    EXPECT_EQ(classified.code, ErrorCode::kBadInput);
    EXPECT_EQ(classified.ToString(), predicted.ToString());
    EXPECT_EQ(classified.place, place);
  };
  for (unsigned j = 0; j < width; ++j) {
    const bool numeric = features[j].type == FeatureType::kNumeric;
    const std::string place = "feature '" + features[j].name + "'";
    for (const bool wrong_type : {true, false}) {
      const auto row = [&](auto& request) {
        auto value = request.initRow().initValues(width)[j];  // the others are missing
        if (numeric == wrong_type) {
          value.setText(wrong_type ? "x" : "\xff");
        } else {
          value.setNumber(std::numeric_limits<float>::infinity());
        }
      };
      expect_alike(problem(predictor.predictRequest(), row), problem(predictor.classifyRequest(), row), place);
      const auto batch = [&](auto& request) {
        auto to = request.initBatch();
        to.setCount(2);
        auto columns = to.initColumns(width);
        for (auto column : columns) column.initCells(2);
        if (numeric == wrong_type) {
          columns[j].initTexts(2).set(1, wrong_type ? "x" : "\xff");
        } else {
          columns[j].initNumbers(2).set(1, std::numeric_limits<float>::infinity());
        }
      };
      expect_alike(problem(predictor.predictBatchRequest(), batch), problem(predictor.classifyBatchRequest(), batch),
                   place);
    }
  }
}

// A server of another version: it does not know batches of classes, and knows more classes than there may be.
class OtherPredictor final : public wire::Predictor::Server {
  kj::Promise<void> predict(PredictContext call) override {
    call.getResults().initResult().initPrediction().initProbabilities(2);
    return kj::READY_NOW;
  }
  kj::Promise<void> classify(ClassifyContext call) override {
    call.getResults().initResult().initClassification().initClasses(1).set(0, datasets::kMaxClasses);
    return kj::READY_NOW;
  }
};

class OtherGateway final : public wire::Gateway::Server {
  kj::Promise<void> info(InfoContext call) override {
    call.getResults().initInfo().setMaxMessageBytes(1U << 20U);
    return kj::READY_NOW;
  }
  kj::Promise<void> predictor(PredictorContext call) override {
    call.getResults().initResult().setDone();
    call.getResults().setPredictor(kj::heap<OtherPredictor>());
    return kj::READY_NOW;
  }
};

TEST(ClassifyElsewhereTest, AServerOfAnotherVersion) {
  using Provider = kj::LowLevelAsyncIoProvider;
  int pair[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  LoopThread loop("other-server");
  kj::Own<kj::AsyncIoStream> stream;
  kj::Own<capnp::TwoPartyClient> peer;
  loop.Run([&] {
    stream = loop.io().lowLevelProvider->wrapSocketFd(
        pair[1], Provider::TAKE_OWNERSHIP | Provider::ALREADY_CLOEXEC | Provider::ALREADY_NONBLOCK);
    peer = kj::heap<capnp::TwoPartyClient>(*stream, kj::heap<OtherGateway>(), capnp::rpc::twoparty::Side::SERVER);
  });
  const std::vector<Cell> row = {1};
  {
    const auto connected = Client::Adopt(pair[0], {});
    HEDGEROW_CHECK(connected.ok(), "no connection");
    Client& client = **connected;
    const auto batch = client.ClassifyBatch(row, 1);
    EXPECT_FALSE(batch.ok());
    storage::ExpectFails(batch.error(), ErrorCode::kUsage, "the server does not know this call");
    const auto one = client.Classify(row);
    EXPECT_FALSE(one.ok());
    storage::ExpectFails(one.error(), ErrorCode::kUnreachable, "makes no sense");
    EXPECT_TRUE(client.Predict(row).ok()) << "the connection goes on";
  }
  loop.Run([&] {
    peer = nullptr;
    stream = nullptr;
  });
  loop.Stop();
}

}  // namespace
}  // namespace hedgerow::server
