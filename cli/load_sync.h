// What it costs to append to a file and sync it, with nothing of a store around: the floor of the stage `durable`.
//
// Thread rule: the calling thread, which blocks.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cli/load_run.h"
#include "datasets/result.h"

namespace hedgerow::cli {

// Appends and fdatasyncs at this rate in a file of this folder, which is gone afterwards. Each is counted from its own
// beginning: where a sync takes longer than the rate allows, the next one begins later and does not count the wait.
// kIo.
Result<std::unique_ptr<LoadResult>> SyncAtRate(const std::string& folder, double per_second,
                                               std::chrono::duration<double> length);

}  // namespace hedgerow::cli
