#include "server/guarded_messages.h"

#include <capnp/rpc.capnp.h>
#include <kj/debug.h>

#include <utility>

namespace hedgerow::server {

namespace {

constexpr kj::Duration kPause = 10 * kj::MILLISECONDS;

}  // namespace

GuardedMessages::GuardedMessages(kj::AsyncIoStream& stream, const MessageLimits& limits, Traffic& traffic,
                                 kj::Timer& timer, std::function<std::size_t()> unsent)
    : stream_(stream), limits_(limits), traffic_(traffic), timer_(timer), unsent_(std::move(unsent)) {}

// A peer that does not read its replies is not read from either, so that its calls wait in its own memory.
kj::Promise<void> GuardedMessages::UntilThePeerReads() {
  if (unsent_() <= limits_.unsent_bytes) return kj::READY_NOW;
  return timer_.afterDelay(kPause).then([this] { return UntilThePeerReads(); });
}

kj::Promise<kj::Maybe<capnp::MessageReaderAndFds>> GuardedMessages::tryReadMessage(
    kj::ArrayPtr<kj::AutoCloseFd> fd_space, capnp::ReaderOptions options, kj::ArrayPtr<capnp::word> scratch) {
  auto read = [this, fd_space, options, scratch]() mutable {
    options.traversalLimitInWords = traffic_.stranger ? limits_.stranger_words : limits_.message_words;
    options.nestingLimit = limits_.nesting;
    return stream_.tryReadMessage(fd_space, options, scratch)
        .then([this](kj::Maybe<capnp::MessageReaderAndFds>&& message) {
          KJ_IF_MAYBE (found, message) Look(*found->reader);
          return kj::mv(message);
        });
  };
  if (unsent_() <= limits_.unsent_bytes) return read();
  return UntilThePeerReads().then(kj::mv(read));
}

void GuardedMessages::Look(capnp::MessageReader& message) {
  using capnp::rpc::Message;
  ++traffic_.messages;
  traffic_.last_message = timer_.now();
  switch (message.getRoot<Message>().which()) {
    case Message::CALL:
    case Message::BOOTSTRAP:
      ++traffic_.open_questions;
      break;
    case Message::FINISH:
      if (traffic_.open_questions != 0) --traffic_.open_questions;
      break;
    default:
      break;
  }
  KJ_REQUIRE(traffic_.open_questions <= limits_.open_questions, "too many calls that were not finished");
}

kj::Promise<void> GuardedMessages::writeMessage(kj::ArrayPtr<const int> fds,
                                                kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) {
  return stream_.writeMessage(fds, segments);
}

kj::Promise<void> GuardedMessages::writeMessages(
    kj::ArrayPtr<kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>> messages) {
  return stream_.writeMessages(messages);
}

kj::Maybe<int> GuardedMessages::getSendBufferSize() {
  return stream_.getSendBufferSize();
}

kj::Promise<void> GuardedMessages::end() {
  return stream_.end();
}

}  // namespace hedgerow::server
