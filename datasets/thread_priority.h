// How much of a processor a thread wants.
//
// Thread rule: of the calling thread.
#pragma once

namespace hedgerow::datasets {

// From now on this thread takes no processor from another thread when it wakes up, and gets less of one that both want.
// Not much less: it may hold a lock. Where the system refuses, it competes with the others, and nothing else changes.
// Source: sched(7), SCHED_BATCH.
void StayBehind();

}  // namespace hedgerow::datasets
