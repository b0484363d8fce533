#include "server/loop_thread.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <future>

#include "datasets/result.h"
#include "datasets/thread_priority.h"

namespace hedgerow::server {

LoopThread::LoopThread(const std::string& name)
    : wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), thread_([this] { Main(); }) {
  HEDGEROW_CHECK(wake_fd_ >= 0, "no file descriptor for an event loop");
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
  std::unique_lock lock(mutex_);
  started_.wait(lock, [&] { return io_ != nullptr; });
}

LoopThread::~LoopThread() {
  Stop();
  ::close(wake_fd_);
}

void LoopThread::Post(std::function<void()> job) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    first = posted_.empty();
    posted_.push_back(std::move(job));
  }
  // Whoever finds jobs there knows that the loop has been woken for them.
  if (first) (void)!::eventfd_write(wake_fd_, 1);
}

void LoopThread::Run(const std::function<void()>& job) {
  std::promise<void> done;
  Post([&] {
    job();
    done.set_value();
  });
  done.get_future().wait();
}

void LoopThread::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  (void)!::eventfd_write(wake_fd_, 1);
  if (thread_.joinable()) thread_.join();
}

// False when the loop is to end.
bool LoopThread::RunPosted() {
  eventfd_t count = 0;
  (void)!::eventfd_read(wake_fd_, &count);
  while (true) {
    std::vector<std::function<void()>> jobs;
    {
      const std::lock_guard lock(mutex_);
      jobs.swap(posted_);
      if (jobs.empty()) return !stopping_;
    }
    for (std::function<void()>& job : jobs) {
      job();
      job = nullptr;
    }
  }
}

void LoopThread::Main() {
  datasets::AnswerPromptly();
  kj::AsyncIoContext io = kj::setupAsyncIo();
  {
    const std::lock_guard lock(mutex_);
    io_ = &io;
  }
  started_.notify_all();
  kj::UnixEventPort::FdObserver observer(io.unixEventPort, wake_fd_, kj::UnixEventPort::FdObserver::OBSERVE_READ);
  // One turn at a time, so that no chain of promises grows for as long as the server lives.
  while (RunPosted()) observer.whenBecomesReadable().wait(io.waitScope);
}

}  // namespace hedgerow::server
