// hedgerow: the table of verbs. All of CLI11's exceptions end here.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "cli/common.h"
#include "cli/options.h"
#include "cli/usage.h"
#include "cli/verbs.h"

namespace hedgerow::cli {
namespace {

constexpr Verb kVerbs[] = {
    {"schema", "Guess a schema from data", SetupSchema},
    {"train", "Grow a forest from a CSV file into a new store", SetupTrain},
    {"predict", "Predict the class of records", SetupPredict},
    {"evaluate", "Measure the forest on records whose class is known", SetupEvaluate},
    {"forget", "Take records or persons out of the model (GDPR Art. 17)", SetupForget},
    {"learn", "Add records to the model", SetupLearn},
    {"correct", "Replace records by corrected ones (GDPR Art. 16)", SetupCorrect},
    {"verify", "Grow the forest anew from the live records and compare", SetupVerify},
    {"info", "Show what is in a store", SetupInfo},
    {"status", "Show how far a request has come", SetupStatus},
    {"audit", "Check the log of what was erased; receipts, reports, residue", SetupAudit},
    {"backup", "Copy a store that may be in use", SetupBackup},
    {"restore", "Make a store of a backup, without what was erased since", SetupRestore},
    {"serve", "Answer clients over the network or a socket", SetupServe},
    {"load", "Measure a server under load", SetupLoad},
    {"token", "Make a token for a server's clients", SetupToken},
    {"compact", "Erase from the disk what was forgotten; grow damaged trees anew", SetupCompact},
    {"synthesize", "Write made-up people to try things with", SetupSynthesize},
    {"demo", "Go through the whole story in half a minute", SetupDemo},
};

int Main(int argc, char** argv) {
  GlobalOptions global;
  CLI::App app("Hedgerow: a random forest that forgets, exactly. Errors and exit codes: docs/cli.md.", "hedgerow");
  app.set_version_flag("--version", std::string("hedgerow ") + HEDGEROW_VERSION);
  app.require_subcommand(1);
  AddJson(app, global);
  AddExamples(app, {"hedgerow demo", "hedgerow train --store shop --data people.csv",
                    "hedgerow forget --store shop --record 17", "hedgerow verify --store shop"});
  std::vector<Run> runs;
  for (const Verb& verb : kVerbs) runs.push_back(verb.setup(*app.add_subcommand(verb.name, verb.help), global));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    app.exit(help_or_version);
    return FinishOutput(global, kDone);
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    global.json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
    return Fail(global, UsageError(app, arguments, error.what()));
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (app.got_subcommand(kVerbs[i].name)) return runs[i]();
  }
  return static_cast<int>(ErrorCode::kUsage);
}

}  // namespace
}  // namespace hedgerow::cli

int main(int argc, char** argv) {
  try {
    return hedgerow::cli::Main(argc, argv);
  } catch (const std::bad_alloc&) {
    return hedgerow::cli::Fail(
        {}, {hedgerow::ErrorCode::kIo, "there is not enough memory", "", "see hedgerow info for what a store needs"});
  } catch (const std::exception& exception) {
    hedgerow::Die(exception.what(), __FILE__, __LINE__);
  }
}
