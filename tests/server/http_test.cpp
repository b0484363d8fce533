// HTTP: what is answered to whom, and bodies that make no sense. Routes without sockets, then the server with one.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "server/http_infer.h"
#include "tests/server/rpc_fixture.h"

namespace hedgerow::server {
namespace {

using Json = nlohmann::json;

class HttpTest : public RpcTest {
 protected:
  void StartWithTokens(std::uint64_t seed) {
    const std::string path = scratch_.Path("tokens");
    std::ofstream(path) << TokenLine(*ParseRoles("predict"), predicts_, "x")
                        << TokenLine(*ParseRoles("audit"), audits_, "y");
    daemon_options_.token_file = path;
    daemon_options_.http.addresses = {*ParseAddress("127.0.0.1:0")};
    data_ = SomePeople(seed);
    Start(data_);
    access_ = std::move(*Access::Make(path, {}));
    routes_ =
        std::make_unique<HttpRoutes>(daemon_->service(), *access_, daemon_->log(), std::chrono::seconds(1), "test");
  }
  HttpReply Ask(const std::string& method, const std::string& target, const std::string& token = "",
                const std::string& body = "") {
    const std::string authorization = token.empty() ? std::string() : fmt::format("Bearer {}", token);
    return routes_->Answer({.method = method, .target = target, .authorization = authorization, .body = body});
  }
  // A request with these rows of the data.
  Json InferBody(const std::vector<std::size_t>& rows) {
    Json inputs = Json::array();
    for (std::size_t j = 0; j < data_.table.width; ++j) {
      const bool numeric = data_.schema.features[j].type == datasets::FeatureType::kNumeric;
      Json values = Json::array();
      for (const std::size_t i : rows) {
        const datasets::Cell cell = data_.table.row(i)[j];
        if (cell == datasets::kMissing) {
          values.push_back(nullptr);
        } else if (numeric) {
          values.push_back(datasets::NumericValue(cell));
        } else {
          values.push_back("a category");
        }
      }
      inputs.push_back({{"name", data_.schema.features[j].name},
                        {"shape", {rows.size()}},
                        {"datatype", numeric ? "FP32" : "BYTES"},
                        {"data", values}});
    }
    return {{"id", "7"}, {"inputs", inputs}};
  }
  // What a socket answers to this text.
  std::string Talk(const std::string& text) {
    const auto socket = ConnectTo(daemon_->http().addresses()[0], 5'000);
    HEDGEROW_CHECK(socket.ok(), "no connection");
    ::fcntl(*socket, F_SETFL, 0);
    (void)!::send(*socket, text.data(), text.size(), MSG_NOSIGNAL);
    std::string answer;
    char buffer[4'096];
    for (ssize_t n = 0; (n = ::recv(*socket, buffer, sizeof buffer, 0)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(n));
    ::close(*socket);
    return answer;
  }

  const std::string predicts_ = MakeToken(), audits_ = MakeToken();
  tests::Data data_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<HttpRoutes> routes_;
};

TEST_F(HttpTest, HealthIsOpenAndTheRestIsNot) {
  StartWithTokens(1);
  EXPECT_EQ(Ask("GET", "/v2/health/live").status, 200U);
  EXPECT_EQ(Ask("GET", "/v2/health/ready").status, 200U);
  for (const char* target :
       {"/metrics", "/v2", "/v2/models/a", "/v2/models/a/infer", "/log/checkpoint", "/", "/anything"}) {
    EXPECT_EQ(Ask("GET", target).status, 401U) << target;
    EXPECT_EQ(Ask("GET", target, "guess").status, 401U) << target;
  }
  EXPECT_EQ(Ask("GET", "/metrics", predicts_).status, 401U);
  EXPECT_EQ(Ask("GET", "/v2", audits_).status, 401U);
  EXPECT_EQ(Ask("POST", "/v2", predicts_).status, 400U);
  EXPECT_EQ(Ask("GET", "/v2/models/b", predicts_).status, 404U);
  EXPECT_EQ(Ask("GET", "/v2/models//ready", predicts_).status, 404U);
  EXPECT_TRUE(daemon_->service().Drain().ok());
  EXPECT_EQ(Ask("GET", "/v2/health/live").status, 200U);
  EXPECT_EQ(Ask("GET", "/v2/health/ready").status, 503U);
}

TEST_F(HttpTest, Infers) {
  StartWithTokens(2);
  const Json metadata = Json::parse(Ask("GET", "/v2/models/a", predicts_).body);
  EXPECT_EQ(metadata["inputs"].size(), data_.table.width);
  EXPECT_EQ(metadata["outputs"][0]["name"], "probabilities");
  const HttpReply reply = Ask("POST", "/v2/models/a/infer", predicts_, InferBody({0, 1}).dump());
  ASSERT_EQ(reply.status, 200U) << reply.body;
  const Json answer = Json::parse(reply.body);
  EXPECT_EQ(answer["id"], "7");
  EXPECT_EQ(answer["model_name"], "a");
  EXPECT_EQ(answer["outputs"][0]["shape"], Json({2, 3}));
  EXPECT_EQ(answer["outputs"][1]["data"].size(), 2U);
  const Result<InferRequest> parsed = ParseInfer(InferBody({0, 1}).dump(), daemon_->service().stores()[0]->model(), 10);
  std::vector<double> expected(6);
  daemon_->service().stores()[0]->store().Predict(parsed->cells.data(), 2, expected.data(), *executor_);
  EXPECT_EQ(answer["outputs"][0]["data"].get<std::vector<double>>(), expected);
  Json later = InferBody({0});
  later["parameters"] = {{"not_before", 1}};
  EXPECT_EQ(Ask("POST", "/v2/models/a/infer", predicts_, later.dump()).status, 409U);
}

TEST_F(HttpTest, BodiesThatMakeNoSenseAreRefused) {
  StartWithTokens(3);
  const auto refused = [&](const std::string& body) {
    EXPECT_EQ(Ask("POST", "/v2/models/a/infer", predicts_, body).status, 400U) << body;
  };
  for (const char* body : {"", "{", "[]", "1", "{\"inputs\":1}", "{\"inputs\":[]}", "{\"inputs\":[1,2,3,4]}"})
    refused(body);
  refused(std::string(100'000, '['));
  Json wrong = InferBody({0});
  wrong["inputs"][0]["shape"] = {2};
  refused(wrong.dump());
  wrong = InferBody({0});
  wrong["inputs"][1]["name"] = "no such feature";
  refused(wrong.dump());
  wrong = InferBody({0});
  wrong["id"] = 7;
  refused(wrong.dump());
  for (std::size_t j = 0; j < data_.table.width; ++j) {
    wrong = InferBody({0});
    wrong["inputs"][j]["data"][0] = Json::array();
    refused(wrong.dump());
  }
  // Any mutation of a good body is answered, one way or the other.
  std::mt19937_64 random(tests::Seed(3));
  const std::string good = InferBody({0, 1, 2}).dump();
  for (int i = 0; i < 3'000; ++i) {
    std::string body = good;
    for (std::size_t n = 0; n <= random() % 4; ++n) body[random() % body.size()] = static_cast<char>(random());
    if (random() % 4 == 0) body.resize(random() % body.size());
    const unsigned status = Ask("POST", "/v2/models/a/infer", predicts_, body).status;
    EXPECT_TRUE(status == 200 || status == 400) << status;
  }
}

TEST_F(HttpTest, TheLogIsReadOnlyAndNothingElseIs) {
  StartWithTokens(4);
  const std::string store = scratch_.Path("a");
  std::filesystem::create_directories(store + "/log/tile/0");
  std::ofstream(store + "/log/checkpoint") << "hello\n";
  std::ofstream(store + "/log/tile/0/000") << "tile";
  std::filesystem::create_symlink("/etc/passwd", store + "/log/link");
  EXPECT_EQ(Ask("GET", "/log/checkpoint", audits_).body, "hello\n");
  EXPECT_EQ(Ask("GET", "/log/tile/0/000", audits_).body, "tile");
  EXPECT_EQ(Ask("POST", "/log/checkpoint", audits_).status, 400U);
  for (const char* path : {"", "tile", "tile/0", "link", "../CURRENT", "tile/../checkpoint", "./checkpoint",
                           "/etc/passwd", "tile//0/000", "%2e%2e/x", ".hidden", "checkpoint/"}) {
    EXPECT_EQ(Ask("GET", std::string("/log/") + path, audits_).status, 404U) << path;
  }
}

TEST_F(HttpTest, OverASocket) {
  StartWithTokens(5);
  const std::string live = Talk("GET /v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(live.starts_with("HTTP/1.1 200 OK\r\n")) << live;
  const std::string metrics =
      Talk("GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + audits_ + "\r\nConnection: close\r\n\r\n");
  EXPECT_NE(metrics.find("hedgerow_records{store=\"a\"} 60\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("process_resident_memory_bytes"), std::string::npos);
  EXPECT_NE(Talk("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").find("WWW-Authenticate: Bearer"),
            std::string::npos);
  EXPECT_TRUE(Talk("POST /v2/models/a/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
                  .starts_with("HTTP/1.1 413"));
  EXPECT_TRUE(Talk(fmt::format("GET / HTTP/1.1\r\nX: {:x>20000}\r\n\r\n", "")).starts_with("HTTP/1.1 431"));
  // Bug: who had no role could make the server keep 8 MiB a connection before it was refused.
  for (const char* size : {"Content-Length: 8000000", "Transfer-Encoding: chunked"}) {
    const std::string start = fmt::format("POST /v2/models/a/infer HTTP/1.1\r\nHost: x\r\n{}\r\n", size);
    EXPECT_TRUE(Talk(start + "\r\n").starts_with("HTTP/1.1 401")) << size;
    const std::string known =
        fmt::format("Authorization: Bearer {}\r\nConnection: close\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n", predicts_);
    if (start.find("chunked") != std::string::npos) {
      EXPECT_TRUE(Talk(start + known).starts_with("HTTP/1.1 400"));
    }
  }
  EXPECT_EQ(Talk("\x16\x03\x01 nonsense\r\n\r\n"), "");
  EXPECT_FALSE(Talk("GET /v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").empty());
}

// Slow-loris: a request that comes byte by byte and is never whole ends with its time, header or body. Others are
// answered meanwhile.
TEST_F(HttpTest, RequestsThatTrickleEndInTime) {
  daemon_options_.http.timeout = std::chrono::seconds(1);
  StartWithTokens(6);
  const std::string header = "GET /v2/health/live HTTP/1.1\r\nHost: x\r\nX: ";
  const std::string body =
      "POST /v2/models/a/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nAuthorization: Bearer " + predicts_ +
      "\r\n\r\n";
  std::vector<pollfd> peers;
  for (int i = 0; i < 20; ++i) {
    const Result<int> socket = ConnectTo(daemon_->http().addresses().front(), 10'000);
    ASSERT_TRUE(socket.ok());
    const std::string& start = i % 2 == 0 ? header : body;
    ASSERT_EQ(::send(*socket, start.data(), start.size(), MSG_NOSIGNAL), static_cast<ssize_t>(start.size()));
    peers.push_back({*socket, POLLIN, 0});
  }
  std::size_t left = peers.size();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (left != 0 && std::chrono::steady_clock::now() < end) {
    for (const pollfd& peer : peers) {
      if (peer.fd >= 0) (void)::send(peer.fd, "x", 1, MSG_NOSIGNAL);
    }
    ASSERT_GE(::poll(peers.data(), peers.size(), 50), 0);  // the pace of the trickle
    for (pollfd& peer : peers) {
      if (peer.fd < 0 || peer.revents == 0) continue;
      char byte = 0;
      EXPECT_LE(::recv(peer.fd, &byte, 1, 0), 0) << "an answer to half a request";
      ::close(std::exchange(peer.fd, -1));  // poll passes over it
      --left;
    }
    EXPECT_TRUE(
        Talk("GET /v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200"));
  }
  EXPECT_EQ(left, 0U) << "requests that trickle are waited for";
}

}  // namespace
}  // namespace hedgerow::server
