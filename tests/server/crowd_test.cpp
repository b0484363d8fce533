// Ten thousand connections at a time, slow ones among them, beside a watching client that must be served all the while.
#include "tests/server/crowd.h"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "tests/server/abuse_fixture.h"

namespace hedgerow::server {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kClients = 10'000;
constexpr std::size_t kOtherFiles = 300;  // the store's, and the test's own
constexpr std::uint64_t kMostBytesEach = 64U << 10U;

// Predicts again and again on a thread of its own, and keeps the longest wait.
class Watch {
 public:
  Watch(Client& client, std::vector<datasets::Cell> row)
      : thread_([this, &client, row = std::move(row)] {
          while (!stop_) {
            const auto start = steady_clock::now();
            if (!client.Predict(row).ok()) ++failed_;
            longest_ = std::max(longest_, steady_clock::now() - start);
            ++served_;
          }
        }) {}
  ~Watch() { End(); }
  void End() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  // After End.
  std::uint64_t served() const { return served_; }
  std::uint64_t failed() const { return failed_; }
  double longest_ms() const { return std::chrono::duration<double, std::milli>(longest_).count(); }

 private:
  std::atomic<bool> stop_ = false;
  std::uint64_t served_ = 0, failed_ = 0;
  steady_clock::duration longest_{};
  std::thread thread_;
};

class CrowdTest : public AbuseTest {
 protected:
  std::vector<datasets::Cell> Row() const { return {data_.table.row(0).begin(), data_.table.row(0).end()}; }

  // Closed sockets reach the server's loops when they do: until it has only so many connections, or 60 seconds.
  bool Shrinks(std::size_t connections) {
    const auto end = steady_clock::now() + std::chrono::seconds(60);
    while (daemon_->rpc().size() > connections && steady_clock::now() < end) (void)watcher_->Ping();
    return daemon_->rpc().size() <= connections;
  }
};

TEST_F(CrowdTest, TenThousandConnections) {
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  if (files.rlim_max < kClients + kOtherFiles) {
    GTEST_SKIP() << "the server needs " << kClients + kOtherFiles << " file descriptors, and the hard limit is "
                 << files.rlim_max << " (ulimit -Hn)";
  }
  Crowd crowd(socket_, kClients, kClients / 2);  // before there are threads
  const rlimit before = files;
  files.rlim_cur = files.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
  daemon_options_.limits.connections = kClients + 1;
  StartWatched(1);
  const std::string said = BootstrapBytes(0) + CallBytes(1, 0, 0);
  std::vector<std::uint64_t> resident{ResidentBytes()};
  for (int wave = 0; wave < 3; ++wave) {
    Watch watch(*watcher_, Row());
    EXPECT_EQ(crowd.Come(said), kClients);
    EXPECT_EQ(daemon_->rpc().size(), kClients + 1);
    resident.push_back(ResidentBytes());
    crowd.Go();
    watch.End();
    EXPECT_EQ(watch.failed(), 0U);
    EXPECT_GT(watch.served(), 100U);
    EXPECT_LT(watch.longest_ms(), 5'000) << "the watching client had to wait";
    EXPECT_TRUE(Shrinks(1)) << daemon_->rpc().size() << " connections are left";
    std::cout << "wave " << wave << ": " << watch.served() << " predictions beside it, the slowest took "
              << watch.longest_ms() << " ms; " << (resident.back() - resident.front()) / kClients
              << " bytes of memory a connection\n";
  }
#ifndef HEDGEROW_SANITIZED  // whose own memory is far more
  EXPECT_LT(resident[1] - resident[0], kClients * kMostBytesEach);
  EXPECT_LT(resident[3], resident[1] + kClients * kMostBytesEach / 8)
      << "what was taken for a wave is used by the next";
#endif
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

// Slow-loris: peers that send a byte now and then, so that they are never silent and never done. A message has to be
// complete in time, so they go all the same; those of a user without roles sooner.
TEST_F(CrowdTest, PeersThatTrickle) {
  constexpr std::size_t kSlow = 300;
  daemon_options_.limits.idle = std::chrono::milliseconds(1'000);
  daemon_options_.limits.stranger = std::chrono::milliseconds(1'000);
  StartWatched(2);
  Watch watch(*watcher_, Row());
  const std::string said = BootstrapBytes(0) + CallBytes(1, 0, 0);
  std::vector<pollfd> peers;
  for (std::size_t i = 0; i < kSlow; ++i) peers.push_back({RawSocket(), POLLIN, 0});
  std::size_t left = kSlow;
  const auto end = steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  // Every other one says the whole of a first message and trickles the next.
  const std::string first = BootstrapBytes(0), second = CallBytes(1, 0, 0);
  std::vector<std::size_t> told(kSlow, 0);
  for (std::size_t i = 0; i < kSlow; i += 2) ASSERT_TRUE(Send(peers[i].fd, first.data(), first.size()));
  while (left != 0 && steady_clock::now() < end) {
    for (std::size_t i = 0; i < kSlow; ++i) {
      if (peers[i].fd < 0) continue;
      const std::string& trickle = i % 2 == 0 ? second : first;
      // The last byte never comes.
      if (told[i] + 1 < trickle.size()) (void)::send(peers[i].fd, &trickle[told[i]++], 1, MSG_NOSIGNAL);
    }
    ASSERT_GE(::poll(peers.data(), peers.size(), 20), 0);  // the pace of the trickle
    for (pollfd& peer : peers) {
      if (peer.fd < 0 || peer.revents == 0) continue;
      char buffer[4'096];
      if (::recv(peer.fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0) continue;
      ::close(peer.fd);
      peer.fd = -1;  // poll passes over it
      --left;
    }
  }
  EXPECT_EQ(left, 0U) << "peers that trickle are kept";
  watch.End();
  EXPECT_EQ(watch.failed(), 0U);
  for (const pollfd& peer : peers) {
    if (peer.fd >= 0) ::close(peer.fd);
  }
}

}  // namespace
}  // namespace hedgerow::server
