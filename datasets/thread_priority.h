// How much of a processor a thread wants.
//
// Thread rule: of the calling thread.
#pragma once

namespace hedgerow::datasets {

// From now on this thread gets little of a processor that another thread wants. Not nothing: it may hold a lock. Where
// the system refuses, it competes with the others, and nothing else changes.
void StayBehind();

}  // namespace hedgerow::datasets
