// What background work is about.
//
// Thread rule: all of it wants the lock, but for what a class says otherwise.
#pragma once

#include "forest/forest.h"
#include "forest/records.h"
#include "unlearn/backlog.h"
#include "unlearn/published.h"
#include "unlearn/writer_lock.h"

namespace hedgerow::unlearn {

// All of them outlive whoever gets them.
struct BackgroundParts {
  forest::Forest& forest;
  forest::Records& records;
  Backlog& backlog;
  Published& published;
  WriterLock& lock;
};

}  // namespace hedgerow::unlearn
