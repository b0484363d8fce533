// Peers that misbehave, each beside a watching client that must go on being served: broken bytes, endless questions,
// replies that are never read, connections in masses, and leaving at every stage of a call.
#include <sys/resource.h>

#include <array>
#include <random>
#include <thread>

#include "tests/server/abuse_fixture.h"

namespace hedgerow::server {
namespace {

TEST_F(AbuseTest, RandomAndTruncatedBytes) {
  StartWatched(1);
  std::mt19937_64 random(tests::Seed(1));
  const std::string good = BootstrapBytes(0) + CallBytes(1, 0, 1);
  for (int i = 0; i < 300; ++i) {
    std::string bytes = good;
    const std::size_t kind = random() % 3;
    if (kind == 0) {
      for (char& c : bytes) c = static_cast<char>(random());
    } else if (kind == 1) {
      bytes.resize(random() % bytes.size());
    } else {
      for (int flips = 0; flips < 3; ++flips) bytes[random() % bytes.size()] ^= static_cast<char>(1U << (random() % 8));
    }
    const int socket = RawSocket();
    (void)Send(socket, bytes.data(), bytes.size());
    ::close(socket);
    if (i % 50 == 0) ExpectServed();
  }
  ExpectServed();
}

TEST_F(AbuseTest, OverlongMessages) {
  StartWatched(2);
  // One segment of 2 GiB; 2^32 segments; a message just above what is allowed.
  const std::uint32_t words = static_cast<std::uint32_t>(daemon_options_.limits.messages.message_words) + 1;
  for (const std::array<std::uint32_t, 2> header : {std::array{0U, 0x10000000U}, {0xffffffffU, 0U}, {0U, words}}) {
    const int socket = RawSocket();
    ASSERT_TRUE(Send(socket, header.data(), sizeof header));
    EXPECT_TRUE(HangsUp(socket));
    ::close(socket);
    ExpectServed();
  }
}

// Pointers: a far pointer to itself, two that point at each other, and lists nested beyond the limit.
TEST_F(AbuseTest, PointersThatLeadNowhere) {
  StartWatched(3);
  const std::uint64_t self = 2U | (0ULL << 3U);  // far, landing pad at word 0: itself
  const std::uint64_t there = 2U | (1ULL << 3U), back = 2U | (0ULL << 3U);
  for (const std::vector<std::uint64_t>& words :
       {std::vector<std::uint64_t>{self}, {there, back}, {6U | (0ULL << 3U), self}}) {
    std::string bytes(8, '\0');
    bytes[4] = static_cast<char>(words.size());
    bytes.append(reinterpret_cast<const char*>(words.data()), words.size() * 8);
    const int socket = RawSocket();
    ASSERT_TRUE(Send(socket, bytes.data(), bytes.size()));
    EXPECT_TRUE(HangsUp(socket));
    ::close(socket);
  }
  capnp::MallocMessageBuilder message;
  auto call = message.initRoot<capnp::rpc::Message>().initCall();
  call.setInterfaceId(capnp::typeId<wire::Gateway>());
  call.setMethodId(2);
  Nest(call.initParams().getContent(), 200);
  const std::string bytes = BootstrapBytes(0) + Bytes(message);
  const int socket = RawSocket();
  ASSERT_TRUE(Send(socket, bytes.data(), bytes.size()));
  ExpectServed();
  ::close(socket);
}

// Whoever asks without end and never says that an answer arrived is cut off.
TEST_F(AbuseTest, QuestionsThatAreNeverFinished) {
  daemon_options_.limits.messages.open_questions = 100;
  StartWatched(4);
  const int socket = RawSocket();
  std::string bytes;
  for (std::uint32_t i = 0; i < 200; ++i) bytes += BootstrapBytes(i);
  (void)Send(socket, bytes.data(), bytes.size());
  EXPECT_TRUE(HangsUp(socket));
  ::close(socket);
  ExpectServed();
}

// Whoever does not read is not read from, and dropped after a while.
TEST_F(AbuseTest, APeerThatNeverReads) {
  daemon_options_.limits.messages.open_questions = 1U << 30U;
  daemon_options_.limits.messages.unsent_bytes = 64U << 10U;
  daemon_options_.limits.stalled = std::chrono::milliseconds(500);
  StartWatched(5);
  const int socket = RawSocket();
  const std::string first = BootstrapBytes(0);
  ASSERT_TRUE(Send(socket, first.data(), first.size()));
  const std::uint64_t before = ResidentBytes();
  std::uint64_t sent = 0;
  for (std::uint32_t i = 1; sent < (64U << 20U); ++i) {
    const std::string call = CallBytes(i, 0, 1);
    if (!Send(socket, call.data(), call.size())) break;  // the server has hung up
    sent += call.size();
  }
  EXPECT_LT(sent, 64U << 20U) << "the server took everything and kept the answers";
  EXPECT_LT(ResidentBytes(), before + (64U << 20U));
  ExpectServed();
  ::close(socket);
}

TEST_F(AbuseTest, SlowAndSilentPeersAreDropped) {
  daemon_options_.limits.idle = std::chrono::milliseconds(300);
  daemon_options_.limits.stranger = std::chrono::milliseconds(300);
  data_ = SomePeople(6);
  Start(data_);
  const int silent = RawSocket(), slow = RawSocket();
  const char half[] = {0, 0, 0, 0, 9, 0, 0, 0, 1};
  ASSERT_TRUE(Send(slow, half, sizeof half));
  EXPECT_TRUE(HangsUp(silent));
  EXPECT_TRUE(HangsUp(slow));
  ::close(silent);
  ::close(slow);
  EXPECT_TRUE(Connect()->Ping().ok());
}

// More connections than are allowed, and more than the process has descriptors for: the others go on.
TEST_F(AbuseTest, ManyConnections) {
  daemon_options_.limits.connections = 200;
  StartWatched(7);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const Address address = *ParseAddress("unix:" + socket_);
  std::vector<int> sockets;
  for (int i = 0; i < 600; ++i) {
    const auto socket = ConnectTo(address, 1'000);
    if (socket) sockets.push_back(*socket);
  }
  EXPECT_LE(daemon_->rpc().size(), 200U);
  ExpectServed();
  for (const int socket : sockets) ::close(socket);
  sockets.clear();
  // Until the server has seen them go they count, and whoever comes may be one too many.
  while (daemon_->rpc().size() >= 100) ExpectServed();
  // Descriptors run out: the server pauses, and goes on when there are some again.
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(::dup(0)) + 20;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  for (int i = 0; i < 40; ++i) {
    const auto socket = ConnectTo(address, 100);
    if (socket) sockets.push_back(*socket);
  }
  ExpectServed();
  for (const int socket : sockets) ::close(socket);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(Connect()->Ping().ok());
  ExpectServed();
}

// Bug: where so many came at once that the queue of those who wait to be accepted was full, the next client of a unix
// socket was told at once that there is no server. It has to wait with the others.
TEST_F(AbuseTest, AFullQueueIsWaitedFor) {
  const Address address = *ParseAddress("unix:" + scratch_.Path("full"));
  const int listening = *Listen(address, 0600);
  std::vector<int> sockets;
  Result<int> next = ConnectTo(address, 20);
  for (; next.ok() && sockets.size() < 10'000; next = ConnectTo(address, 20)) sockets.push_back(*next);
  ASSERT_FALSE(next.ok()) << "the queue has no end";
  std::thread accepting([&] {
    pollfd wait{listening, POLLIN, 0};
    if (::poll(&wait, 1, kPatienceMs) == 1) sockets.push_back(::accept(listening, nullptr, nullptr));
  });
  next = ConnectTo(address, kPatienceMs);
  accepting.join();
  EXPECT_TRUE(next.ok()) << (next.ok() ? "" : next.error().ToString());
  if (next.ok()) sockets.push_back(*next);
  for (const int socket : sockets) ::close(socket);
  ::close(listening);
}

// A client that leaves at any point of a request: what was acknowledged or not, the store is whole, and others go on.
TEST_F(AbuseTest, LeavingAtEveryStage) {
  options_.erase_within = std::chrono::milliseconds(5);
  StartWatched(8);
  std::size_t asked = 0;
  for (const storage::Stage stage :
       {storage::Stage::kUnlearned, storage::Stage::kDurable, storage::Stage::kExact, storage::Stage::kErased}) {
    for (int i = 0; i < 5; ++i) {
      const auto client = Connect();
      client->Forget({.records = {data_.table.ids[asked++]}}, stage, [](const auto&) {});
      client->Predict({data_.table.row(0).begin(), data_.table.row(0).end()}, 0, [](const auto&) {});
      if (i % 2 == 0) (void)client->Ping();  // so that the request has got to the server
    }
  }
  ExpectServed();
  EXPECT_TRUE(watcher_->Forget({.records = {data_.table.ids[59]}}, storage::Stage::kErased).ok());
  const auto verified = watcher_->Verify();
  ASSERT_TRUE(verified.ok());
  EXPECT_TRUE(verified->equal);
}

// A capability costs the server memory for as long as it is held: there is an end to it.
TEST_F(AbuseTest, CapabilitiesAreBounded) {
  daemon_options_.limits.peer_objects = 10;
  StartWatched(9);
  std::vector<Update> kept;
  Status status;
  for (int i = 0; i < 20 && status.ok(); ++i) {
    auto update = watcher_->Forget({.records = {data_.table.ids[static_cast<std::size_t>(i)]}});
    if (update) {
      kept.push_back(std::move(*update));
    } else {
      status = update.error();
    }
  }
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kOverloaded);
  kept.clear();
  ExpectServed();
}

}  // namespace
}  // namespace hedgerow::server
