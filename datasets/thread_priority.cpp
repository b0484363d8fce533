#include "datasets/thread_priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace hedgerow::datasets {
namespace {

// Two thirds of what another thread gets where both want the same processor. Less makes it slower to let go of a lock
// when all processors are busy: docs/unlearning.md, "Regrowth".
constexpr int kNice = 2;

}  // namespace

void StayBehind() {
  // On Linux both are of one thread.
  const sched_param parameters{};
  (void)::sched_setscheduler(0, SCHED_BATCH, &parameters);
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
}

}  // namespace hedgerow::datasets
