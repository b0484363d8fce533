// hedgerow restore: makes a store of a backup, and takes out what was erased since before anybody can open it.
#include "storage/restore.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "cli/format.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/verbs.h"

namespace hedgerow::cli {
namespace {

struct RestoreVerbOptions {
  StoreOptions store;
  storage::RestoreOptions restore;
};

int RunRestore(const GlobalOptions& global, RestoreVerbOptions& options) {
  storage::RestoreOptions& restore = options.restore;
  restore.to = options.store.directory;
  if (!restore.none_since && restore.live.empty() && restore.erasures.empty()) {
    return Fail(global, {ErrorCode::kUsage, "nobody can know what was erased since the backup", "hedgerow restore",
                         "give --live STORE, or --erasures FILE that 'hedgerow backup --erasures' wrote; or state with "
                         "--none-since that nothing was"});
  }
  const auto start = std::chrono::steady_clock::now();
  const auto executor = MakeExecutor(options.store.threads);
  const auto report = [&] {
    Progress progress("restoring " + restore.to);
    progress.Update(0, 0);
    return storage::Restore(restore, *executor);
  }();
  if (!report) return Fail(global, report.error());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (global.json) {
    PrintJson({{"records", report->records},
               {"erased", report->erased},
               {"missing", restore.none_since ? Json(nullptr) : Json(report->missing)},
               {"backup_sequence", report->backup_sequence},
               {"sequence", report->sequence},
               {"updates", report->updates},
               {"none_since", restore.none_since},
               {"root", report->root.ToHex()},
               {"seconds", seconds}});
    return FinishOutput(global, kDone);
  }
  Print(fmt::format("Restored {} in {:.1f} s.\n", Count(report->records, "record"), seconds));
  Rows rows = {{"backup", fmt::format("of update {}", report->backup_sequence)}};
  if (restore.none_since) {
    rows.emplace_back("erased", "nothing: you stated that nothing was erased since");
  } else {
    rows.emplace_back(
        "erased", fmt::format("{} of the backup, up to update {}", Count(report->erased, "record"), report->sequence));
    rows.emplace_back("missing", fmt::format("{} that the live store had then: learned or corrected since the backup",
                                             Count(report->missing, "record")));
  }
  rows.emplace_back("root", report->root.ToHex());
  Print(Align(rows));
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupRestore(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<RestoreVerbOptions>();
  app.add_option("--from", options->restore.backup, "Directory of the backup")->required()->type_name("BACKUP");
  AddStore(app, options->store);
  CLI::Option* live =
      app.add_option("--live", options->restore.live,
                     "Store that the backup was taken of: what was erased since is read from its journal")
          ->type_name("STORE");
  CLI::Option* list = app.add_option("--erasures", options->restore.erasures,
                                     "The same from a list that 'hedgerow backup --erasures' wrote")
                          ->type_name("FILE")
                          ->excludes(live);
  app.add_flag(
         "--none-since", options->restore.none_since,
         "State that nothing was erased since the backup; nobody can check it, and the store keeps that it was stated")
      ->excludes(live)
      ->excludes(list);
  AddJson(app, global);
  AddExamples(app,
              {"hedgerow restore --from /backups/shop-monday --store shop-new --live shop",
               "hedgerow restore --from /backups/shop-monday --store shop-new --erasures /backups/shop-erasures.txt",
               "hedgerow restore --from /backups/shop-monday --store shop-new --none-since"});
  return [options, &global] { return RunRestore(global, *options); };
}

}  // namespace hedgerow::cli
