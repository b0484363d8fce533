// What a peer sends on an RPC connection. Each input is all that one peer says to a whole server, which has one store
// and grants every role; then the server must hang up, and go on serving another client. The seeds are conversations of
// the client library.
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "tests/fuzz/target.h"
#include "tests/server/conversations.h"
#include "tests/server/rpc_fixture.h"

namespace hedgerow::fuzz {
namespace {

using server::Client;

constexpr int kPatienceMs = 60'000;
constexpr std::uint64_t kLookEvery = 32;

class Harness final : public server::RpcTest {
 public:
  Harness() : data_(SomePeople(1)) {
    daemon_options_.rpc.loops = 1;
    Start(data_);
    watcher_ = Connect();
  }
  bool Run(std::string_view input) {
    const int socket = RawSocket();
    const std::string answers = Converse(socket, input);
    ::close(socket);
    if (++inputs_ % kLookEvery == 0) HEDGEROW_CHECK(watcher_->Ping().ok(), "the server does not serve others");
    return HasReturn(answers);
  }

  std::vector<std::string> Conversations() {
    std::vector<std::string> said;
    for (const auto& conversation : server::RecordConversations([this] { return RawSocket(); }, data_.table)) {
      said.push_back(conversation.said);
    }
    return said;
  }

 private:
  void TestBody() override {}

  // Says everything, and returns what comes until the server hangs up.
  static std::string Converse(int socket, std::string_view input) {
    std::string answers;
    while (true) {
      pollfd wait{socket, static_cast<short>(input.empty() ? POLLIN : POLLIN | POLLOUT), 0};
      HEDGEROW_CHECK(::poll(&wait, 1, kPatienceMs) > 0, "the server neither reads, nor answers, nor hangs up");
      if ((wait.revents & POLLOUT) != 0 && !input.empty()) {
        const ssize_t sent = ::send(socket, input.data(), input.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN) return answers;
        input.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
      }
      if (input.empty()) ::shutdown(socket, SHUT_WR);
      if ((wait.revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      std::array<char, 65'536> buffer{};
      const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0) return answers;
      answers.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  // Whether the server has answered a call, and said more than that it hangs up.
  static bool HasReturn(const std::string& answers) {
    kj::Array<capnp::word> words = kj::heapArray<capnp::word>(answers.size() / sizeof(capnp::word));
    std::memcpy(words.begin(), answers.data(), words.asBytes().size());
    for (kj::ArrayPtr<const capnp::word> rest = words; rest.size() != 0;) {
      if (capnp::expectedSizeInWordsFromPrefix(rest) > rest.size()) return false;  // it hung up in the midst
      capnp::FlatArrayMessageReader message(rest);
      if (message.getRoot<capnp::rpc::Message>().isReturn()) return true;
      rest = kj::arrayPtr(message.getEnd(), rest.end());
    }
    return false;
  }

  const tests::Data data_;
  std::unique_ptr<Client> watcher_;
  std::uint64_t inputs_ = 0;
};

Harness& TheHarness() {
  static Harness harness;
  return harness;
}

}  // namespace

std::vector<std::string> Seeds() {
  return TheHarness().Conversations();
}

bool Run(std::string_view input) {
  return TheHarness().Run(input);
}

}  // namespace hedgerow::fuzz
