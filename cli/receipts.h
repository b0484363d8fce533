// Receipts of a request that was just carried out, one for each whom it named.
//
// Thread rule: main thread only.
#pragma once

#include <string>
#include <vector>

#include "cli/common.h"
#include "storage/store.h"

namespace hedgerow::cli {

// Readable by its owner alone, since it holds the opening.
Status WriteReceipt(const std::string& path, const std::string& text);

// Signs the log and writes a receipt of the stage for each record and subject that the request named: to `path`, or
// where there are many to `path` with -1, -2, ... before its extension, in the order of the request. Tells the paths.
// kUsage: the request changed nothing, so the log does not tell of it.
Result<std::vector<std::string>> WriteReceipts(OpenStore& store, const storage::Outcome& outcome, storage::Stage stage,
                                               const std::string& path);

}  // namespace hedgerow::cli
