// Clients that leave in the middle of every call there is: behind each message and within it, before the answer and
// after its first bytes. Nothing is left of them, the store is whole, and others are served.
#include <algorithm>
#include <array>
#include <chrono>

#include "tests/server/abuse_fixture.h"
#include "tests/server/conversations.h"

namespace hedgerow::server {
namespace {

class DisconnectTest : public AbuseTest {
 protected:
  // Says this, waits for the first bytes of an answer and reads at most `read` of them, and is gone.
  void SayAndLeave(std::string_view said, std::size_t read) {
    const int socket = RawSocket();
    ASSERT_TRUE(Send(socket, said.data(), said.size()));
    std::array<char, 4'096> buffer{};
    pollfd wait{socket, POLLIN, 0};
    if (read != 0) {
      ASSERT_GT(::poll(&wait, 1, kPatienceMs), 0) << "no answer";
      EXPECT_GT(::recv(socket, buffer.data(), std::min(read, buffer.size()), 0), 0);
    }
    ::close(socket);
  }

  double Gauge(const std::string& name) {
    const auto text = watcher_->Metrics();
    HEDGEROW_CHECK(text.ok(), "no metrics");
    const std::size_t at = text->find("\n" + name + " ");
    HEDGEROW_CHECK(at != std::string::npos, "no metric " + name);
    return std::stod(text->substr(at + name.size() + 2));
  }
};

TEST_F(DisconnectTest, LeavingAtEveryPointOfEveryCall) {
  options_.erase_within = std::chrono::milliseconds(20);
  StartWatched(10);
  const auto conversations = RecordConversations([this] { return RawSocket(); }, data_.table);
  ASSERT_GE(conversations.size(), 19U);
  std::size_t left = 0;
  for (const Conversation& conversation : conversations) {
    SCOPED_TRACE(conversation.name);
    const std::string_view said = conversation.said;
    std::size_t begin = 0;
    const std::vector<std::size_t> ends = MessageEnds(conversation.said);
    ASSERT_GE(ends.size(), 2U);
    for (const std::size_t end : ends) {
      // Within its table of segments, within its content, a byte before its end, and behind it.
      for (const std::size_t cut : {begin + 5, begin + (end - begin) / 2, end - 1, end}) {
        SayAndLeave(said.substr(0, cut), 0);
        ++left;
      }
      // With answers on the way, and while one of them is being read.
      SayAndLeave(said.substr(0, end), 4'096);
      SayAndLeave(said.substr(0, end), 1);
      left += 2;
      begin = end;
    }
    ExpectServed();
  }
  EXPECT_GT(left, 300U);
  // Nothing of them stays: neither connections nor calls that are counted as being worked on.
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while ((daemon_->rpc().size() > 1 || Gauge("hedgerow_calls_in_flight") > 1) &&
         std::chrono::steady_clock::now() < end) {
  }
  EXPECT_EQ(daemon_->rpc().size(), 1U);
  EXPECT_LE(Gauge("hedgerow_calls_in_flight"), 1) << "the call that asks is one itself";
  EXPECT_EQ(Gauge("hedgerow_update_queue{store=\"a\"}"), 0);
  const auto verified = watcher_->Verify();
  ASSERT_TRUE(verified.ok());
  EXPECT_TRUE(verified->equal);
}

}  // namespace
}  // namespace hedgerow::server
