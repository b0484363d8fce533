// The messages of one connection, watched while they go in and out.
//
// Cap'n Proto's RPC checks that messages are well-formed. It does not bound what a peer may pile up: questions that it
// never finishes, replies that it never reads. Here each incoming message is looked at before the RPC system gets it.
//
// Thread rule: the event loop's thread.
#pragma once

#include <capnp/serialize-async.h>
#include <kj/async-io.h>
#include <kj/timer.h>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace hedgerow::server {

struct MessageLimits {
  std::uint64_t stranger_words = 8U << 10U;  // a message before the peer has any role
  std::uint64_t message_words = 1U << 20U;   // after that
  int nesting = 32;
  std::size_t open_questions = 16'384;   // calls whose end the peer has not acknowledged
  std::size_t unsent_bytes = 4U << 20U;  // replies that wait for the peer to read them
};

// What is known of a connection's traffic.
struct Traffic {
  bool stranger = true;  // the peer has no role yet
  std::uint64_t messages = 0;
  std::size_t open_questions = 0;
  kj::TimePoint last_message = kj::origin<kj::TimePoint>();
};

class GuardedMessages final : public capnp::MessageStream {
 public:
  // `unsent` tells how many bytes wait to be sent.
  GuardedMessages(kj::AsyncIoStream& stream, const MessageLimits& limits, Traffic& traffic, kj::Timer& timer,
                  std::function<std::size_t()> unsent);

  kj::Promise<kj::Maybe<capnp::MessageReaderAndFds>> tryReadMessage(kj::ArrayPtr<kj::AutoCloseFd> fd_space,
                                                                    capnp::ReaderOptions options,
                                                                    kj::ArrayPtr<capnp::word> scratch) override;
  kj::Promise<void> writeMessage(kj::ArrayPtr<const int> fds,
                                 kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) override;
  kj::Promise<void> writeMessages(kj::ArrayPtr<kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>> messages) override;
  kj::Maybe<int> getSendBufferSize() override;
  kj::Promise<void> end() override;

 private:
  kj::Promise<void> UntilThePeerReads();
  void Look(capnp::MessageReader& message);

  capnp::AsyncIoMessageStream stream_;
  const MessageLimits limits_;
  Traffic& traffic_;
  kj::Timer& timer_;
  const std::function<std::size_t()> unsent_;
};

}  // namespace hedgerow::server
