// The verbs: each sets up its options and returns what to run once they are parsed.
//
// Thread rule: main thread only. The functions keep references to `app` and `global`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "cli/common.h"

namespace hedgerow::cli {

using Run = std::function<int()>;  // returns the exit code

// A line of a table of verbs.
struct Verb {
  const char* name;
  const char* help;
  Run (*setup)(CLI::App&, GlobalOptions&);
};

Run SetupSchema(CLI::App& app, GlobalOptions& global);
Run SetupTrain(CLI::App& app, GlobalOptions& global);
Run SetupPredict(CLI::App& app, GlobalOptions& global);
Run SetupEvaluate(CLI::App& app, GlobalOptions& global);
Run SetupForget(CLI::App& app, GlobalOptions& global);
Run SetupLearn(CLI::App& app, GlobalOptions& global);
Run SetupCorrect(CLI::App& app, GlobalOptions& global);
Run SetupVerify(CLI::App& app, GlobalOptions& global);
Run SetupInfo(CLI::App& app, GlobalOptions& global);
Run SetupStatus(CLI::App& app, GlobalOptions& global);
Run SetupAudit(CLI::App& app, GlobalOptions& global);
Run SetupBackup(CLI::App& app, GlobalOptions& global);
Run SetupRestore(CLI::App& app, GlobalOptions& global);
Run SetupServe(CLI::App& app, GlobalOptions& global);
Run SetupLoad(CLI::App& app, GlobalOptions& global);
Run SetupToken(CLI::App& app, GlobalOptions& global);
Run SetupCompact(CLI::App& app, GlobalOptions& global);
Run SetupSynthesize(CLI::App& app, GlobalOptions& global);
Run SetupDemo(CLI::App& app, GlobalOptions& global);

}  // namespace hedgerow::cli
