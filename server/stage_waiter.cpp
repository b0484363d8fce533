#include "server/stage_waiter.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace hedgerow::server {

StageWaiter::StageWaiter(const std::string& name, std::size_t limit, Await await)
    : limit_(limit), await_(std::move(await)), thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

StageWaiter::~StageWaiter() {
  Stop();
}

bool StageWaiter::TryWait(std::uint64_t sequence, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || depth_ >= limit_) return false;
    entries_.push_back({sequence, std::move(done)});
    ++depth_;
  }
  wakes_.notify_one();
  return true;
}

std::size_t StageWaiter::depth() const {
  const std::lock_guard lock(mutex_);
  return depth_;
}

void StageWaiter::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wakes_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void StageWaiter::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wakes_.wait(lock, [&] { return stopping_ || !entries_.empty(); });
    if (entries_.empty()) return;
    std::vector<Entry> entries = std::exchange(entries_, {});
    lock.unlock();
    // What the first one waited for is most often there for the others too.
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.sequence < b.sequence; });
    for (Entry& entry : entries) entry.done(await_(entry.sequence));
    const std::size_t answered = entries.size();
    entries.clear();
    lock.lock();
    depth_ -= answered;
  }
}

}  // namespace hedgerow::server
