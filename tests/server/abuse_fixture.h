// What the tests of misbehaving peers share: raw sockets and messages, and a watching client that must go on being
// served.
//
// Thread rule: one thread, besides the server's own.
#pragma once

#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <poll.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>

#include "server/hedgerow.capnp.h"
#include "tests/server/rpc_fixture.h"

namespace hedgerow::server {

inline constexpr int kPatienceMs = 20'000;

class AbuseTest : public RpcTest {
 protected:
  void StartWatched(std::uint64_t seed) {
    data_ = SomePeople(seed);
    Start(data_);
    watcher_ = Connect();
    ASSERT_TRUE(watcher_->Predict(data_.table.row(0)).ok());
  }
  // The server still serves others, and correctly.
  void ExpectServed() { EXPECT_TRUE(watcher_->Predict(data_.table.row(0)).ok()); }

  // Sends what the socket takes. False when the peer has closed it.
  static bool Send(int socket, const void* data, std::size_t size) {
    const auto* at = static_cast<const char*>(data);
    while (size != 0) {
      const ssize_t sent = ::send(socket, at, size, MSG_NOSIGNAL);
      if (sent > 0) {
        at += sent;
        size -= static_cast<std::size_t>(sent);
        continue;
      }
      pollfd wait{socket, POLLOUT, 0};
      if (errno != EAGAIN || ::poll(&wait, 1, kPatienceMs) <= 0) return false;
    }
    return true;
  }
  // Whether the server hangs up; reads and drops what it says before.
  static bool HangsUp(int socket) {
    char buffer[4'096];
    while (true) {
      pollfd wait{socket, POLLIN, 0};
      if (::poll(&wait, 1, kPatienceMs) <= 0) return false;
      if (::recv(socket, buffer, sizeof buffer, 0) <= 0) return true;
    }
  }
  static std::string Bytes(capnp::MessageBuilder& message) {
    const kj::Array<capnp::word> words = capnp::messageToFlatArray(message);
    const auto bytes = words.asBytes();
    return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
  }
  static void Nest(capnp::AnyPointer::Builder pointer, int depth) {
    if (depth != 0) Nest(pointer.initAs<capnp::rpc::Payload>().getContent(), depth - 1);
  }
  static std::string BootstrapBytes(std::uint32_t question) {
    capnp::MallocMessageBuilder message;
    message.initRoot<capnp::rpc::Message>().initBootstrap().setQuestionId(question);
    return Bytes(message);
  }
  // A prediction on the gateway's promised answer: a call that is whole.
  static std::string CallBytes(std::uint32_t question, std::uint32_t target, std::uint16_t method) {
    capnp::MallocMessageBuilder message;
    auto call = message.initRoot<capnp::rpc::Message>().initCall();
    call.setQuestionId(question);
    call.initTarget().initPromisedAnswer().setQuestionId(target);
    call.setInterfaceId(capnp::typeId<wire::Gateway>());
    call.setMethodId(method);
    call.initParams().initContent();
    return Bytes(message);
  }

  // What the process has in memory.
  static std::uint64_t ResidentBytes() {
    std::ifstream file("/proc/self/statm");
    std::uint64_t size = 0, resident = 0;
    file >> size >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }

  tests::Data data_;
  std::unique_ptr<Client> watcher_;
};

}  // namespace hedgerow::server
