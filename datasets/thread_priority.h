// Which threads a processor is for first, when there are more threads than processors.
//
// Both ask for short turns, which Linux grants from 6.12 on: where a thread waits for a processor, the one that has it
// is then asked to leave after a tenth of a millisecond and not after several. Where the system refuses, threads
// compete as they do by default, and nothing else changes. Source: sched(7), sched_setattr(2).
//
// Thread rule: of the calling thread.
#pragma once

namespace hedgerow::datasets {

// From now on this thread takes no processor from another thread when it wakes up, and gets less of one that both want.
// Not much less: it may hold a lock. For work that nobody waits for.
void StayBehind();

// From now on this thread wants its turns short and soon. For those that answer callers.
void AnswerPromptly();

}  // namespace hedgerow::datasets
