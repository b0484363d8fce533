#include "datasets/thread_priority.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hedgerow::datasets {
namespace {

// Two thirds of what another thread gets where both want the same processor. Less makes it slower to let go of a lock
// when all processors are busy: docs/unlearning.md, "Regrowth".
constexpr int kNiceBehind = 2;
// The least that Linux allows.
constexpr unsigned kSliceNs = 100'000;

// Changes how the calling thread is scheduled. The C library of Debian 12 has no functions for these calls.
template <class Change>
void Reschedule(const Change& change) {
  sched_attr attributes{};
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0) return;
  // Anything else was decided by whoever started the program.
  if (attributes.sched_policy != SCHED_NORMAL) return;
  attributes.sched_runtime = kSliceNs;
  change(attributes);
  (void)::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace

void StayBehind() {
  Reschedule([](sched_attr& attributes) {
    attributes.sched_policy = SCHED_BATCH;
    attributes.sched_nice += kNiceBehind;
  });
}

void AnswerPromptly() {
  Reschedule([](sched_attr&) {});
}

}  // namespace hedgerow::datasets
