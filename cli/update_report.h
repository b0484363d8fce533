// What forget, learn and correct tell about what they did.
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>

#include "cli/common.h"
#include "storage/store.h"

namespace hedgerow::cli {

struct UpdateReport {
  std::string verb;  // "Forgot", "Learned", "Corrected", "Would forget"
  std::string request_id;
  std::string ground;  // of a forget request; may be empty
  bool dry_run = false;
};

// The object that --json prints; its keys are in docs/cli.md.
Json ToJson(const UpdateReport& report, const storage::Outcome& outcome);
std::string ToText(const UpdateReport& report, const storage::Outcome& outcome);

}  // namespace hedgerow::cli
