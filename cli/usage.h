// Usage errors with spelling suggestions.
//
// Messages name options, never their values: a value may be a person's id.
//
// Thread rule: main thread only.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "datasets/result.h"

namespace hedgerow::cli {

// What is wrong with a command line that CLI11 refused. `what` is its message.
Error UsageError(const CLI::App& app, const std::vector<std::string>& arguments, const std::string& what);

}  // namespace hedgerow::cli
