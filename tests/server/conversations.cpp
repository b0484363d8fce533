#include "tests/server/conversations.h"

#include <capnp/serialize.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <thread>

#include "server/client.h"
#include "tests/support/data.h"

namespace hedgerow::server {
namespace {

constexpr int kPatienceMs = 60'000;

// Carries bytes both ways until the client is gone, and keeps what it said.
void Relay(int client, int server, std::string& said) {
  std::array<char, 65'536> buffer{};
  while (true) {
    std::array<pollfd, 2> wait{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    HEDGEROW_CHECK(::poll(wait.data(), wait.size(), kPatienceMs) > 0, "a conversation that does not go on");
    for (const bool up : {true, false}) {
      if (wait[up ? 0 : 1].revents == 0) continue;
      const ssize_t size = ::recv(up ? client : server, buffer.data(), buffer.size(), 0);
      if (size <= 0) return;
      if (up) said.append(buffer.data(), static_cast<std::size_t>(size));
      HEDGEROW_CHECK(::send(up ? server : client, buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) == size,
                     "a peer that does not read");
    }
  }
}

std::string Record(int server, const std::function<void(Client&)>& talk) {
  std::array<int, 2> pair{};
  HEDGEROW_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) == 0,
                 "no socket pair");
  std::string said;
  std::thread relay([&] { Relay(pair[1], server, said); });
  {
    auto client = Client::Adopt(pair[0], {});
    HEDGEROW_CHECK(client.ok(), "no connection");
    talk(**client);
  }
  relay.join();
  ::close(pair[1]);
  ::close(server);
  return said;
}

}  // namespace

std::vector<Conversation> RecordConversations(const std::function<int()>& connect, const datasets::Table& table) {
  const std::string request = "8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11";
  std::vector<Conversation> conversations;
  const auto record = [&](const std::string& name, const std::function<void(Client&)>& talk) {
    conversations.push_back({name, Record(connect(), talk)});
  };
  record("ping", [](Client& client) { (void)client.Ping(); });
  record("info", [](Client& client) { (void)client.Info(); });
  record("predict", [&](Client& client) { (void)client.Predict(table.row(0)); });
  record("batch", [&](Client& client) {
    (void)client.PredictBatch({table.cells.data(), 3 * table.width}, table.width, /*not_before=*/0);
  });
  record("class", [&](Client& client) { (void)client.Classify(table.row(1)); });
  record("classes of a batch", [&](Client& client) {
    (void)client.ClassifyBatch({table.cells.data(), 3 * table.width}, table.width, /*not_before=*/0);
  });
  record("forget", [&](Client& client) {
    (void)client.Forget({.records = {table.ids[3]}, .options = {.request_id = request}}, storage::Stage::kDurable);
  });
  record("dry run", [](Client& client) { (void)client.Forget({.subjects = {"person 1", "nobody"}, .dry_run = true}); });
  record("status", [&](Client& client) { (void)client.StatusOf(request); });
  record("await", [&](Client& client) { (void)client.Await(request, storage::Stage::kExact); });
  record("learn", [&](Client& client) { (void)client.Learn(tests::One(table, 3)); });
  record("correct", [&](Client& client) { (void)client.Correct(tests::One(table, 4)); });
  record("describe", [](Client& client) { (void)client.Describe(); });
  record("verify", [](Client& client) { (void)client.Verify(); });
  record("metrics", [](Client& client) { (void)client.Metrics(); });
  record("reload", [](Client& client) { (void)client.Reload(); });
  record("checkpoint", [](Client& client) { (void)client.Checkpoint(); });
  record("compact", [](Client& client) { (void)client.Compact(); });
  record("shutdown", [](Client& client) { (void)client.Shutdown(); });
  return conversations;
}

std::vector<std::size_t> MessageEnds(const std::string& bytes) {
  kj::Array<capnp::word> words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
  std::memcpy(words.begin(), bytes.data(), words.asBytes().size());
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; at != words.size();) {
    at += capnp::expectedSizeInWordsFromPrefix(words.slice(at, words.size()));
    HEDGEROW_CHECK(at <= words.size(), "a message that is cut off");
    ends.push_back(at * sizeof(capnp::word));
  }
  return ends;
}

}  // namespace hedgerow::server
