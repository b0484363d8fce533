#include "datasets/thread_priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace hedgerow::datasets {
namespace {

// A tenth of what another thread gets where both want the same processor.
constexpr int kNice = 10;

}  // namespace

void StayBehind() {
  // On Linux this is of one thread.
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
}

}  // namespace hedgerow::datasets
