// Files with receipts.
//
// Thread rule: main thread only.
#pragma once

#include <string>
#include <vector>

#include "cli/common.h"

namespace hedgerow::cli {

// Readable by its owner alone, since it holds the opening.
Status WriteReceipt(const std::string& path, const std::string& text);

// Writes each to `path`, or where there are many to `path` with -1, -2, ... before its extension. Tells the paths.
Result<std::vector<std::string>> WriteReceipts(const std::vector<std::string>& receipts, const std::string& path);

}  // namespace hedgerow::cli
