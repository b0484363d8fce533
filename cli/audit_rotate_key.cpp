// hedgerow audit rotate-key: another key signs the log from now on.
#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/options.h"

namespace hedgerow::cli {
namespace {

int RunRotateKey(const GlobalOptions& global, const StoreOptions& options) {
  auto opened = Open(options, storage::OpenMode::kWrite);
  if (!opened) return Fail(global, opened.error());
  const auto key = (*opened)->RotateLogKey();
  if (!key) return Fail(global, key.error());
  if (Status status = (*opened)->PublishLog(); !status) return Fail(global, status.error());
  if (global.json) {
    PrintJson({{"key", *key}});
  } else {
    Print(fmt::format("The log's key is now {}\n", *key));
    Print("The old one signs beside it until its file, with .previous at its end, is removed.\n");
  }
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupAuditRotateKey(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<StoreOptions>();
  AddStore(app, *options);
  RefuseServer(app, "a server's key is its owner's: end the server, and run this where the store is, with --store");
  AddJson(app, global);
  AddExamples(app, {"hedgerow audit rotate-key --store shop"});
  return [options, &global] { return RunRotateKey(global, *options); };
}

}  // namespace hedgerow::cli
