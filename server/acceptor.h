// Accepts connections on one socket and hands them out. Never ends on its own: where the system has no file descriptors
// or memory left, it tries again a little later.
//
// Thread rule: the event loop's thread.
#pragma once

#include <kj/async-io.h>
#include <kj/async-unix.h>
#include <kj/io.h>

#include <functional>
#include <memory>

#include "server/log.h"
#include "server/loop_thread.h"

namespace hedgerow::server {

class Acceptor {
 public:
  // `accepted` takes the connection's socket over. The listening socket is taken over too, and
  // closed in the end.
  Acceptor(LoopThread& loop, int socket, Log& log, std::function<void(int)> accepted);

 private:
  kj::Promise<void> Accept();

  LoopThread& loop_;
  const kj::AutoCloseFd socket_;
  Log& log_;
  const std::function<void(int)> accepted_;
  bool complained_ = false;  // of the lack of file descriptors, since it last went well
  kj::UnixEventPort::FdObserver observer_;
  kj::Promise<void> running_;
};

}  // namespace hedgerow::server
