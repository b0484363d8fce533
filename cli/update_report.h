// What forget, learn and correct tell about what they did.
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>

#include "cli/common.h"
#include "cli/connect.h"
#include "cli/options.h"
#include "storage/store.h"

namespace hedgerow::cli {

struct UpdateReport {
  std::string verb = {};    // "Forgot", "Learned", "Corrected", "Would forget"
  std::string ground = {};  // of a forget request; may be empty
  bool dry_run = false;
  std::string receipt = {};                // where to write receipts; empty: nowhere
  std::string stage = {};                  // that was reached
  double wait_us = 0;                      // for it
  std::vector<std::string> receipts = {};  // that were written
};

// The object that --json prints; its keys are in docs/cli.md.
Json ToJson(const UpdateReport& report, const storage::Outcome& outcome);
// Waits for the stage that was asked for (of a server, if none was: `durable`), prints the report, and gives the exit
// code.
int FinishUpdate(const GlobalOptions& global, StoreAccess& store, const storage::Outcome& outcome, UpdateReport report,
                 const RequestOptions& request);

std::string ToText(const UpdateReport& report, const storage::Outcome& outcome);

}  // namespace hedgerow::cli
