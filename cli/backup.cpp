// hedgerow backup: a consistent copy of a store, or the list of what has left it since a copy was taken.
#include "storage/backup.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "cli/format.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "storage/erasures.h"

namespace hedgerow::cli {
namespace {

struct BackupOptions {
  std::string store, to, out;
  bool erasures = false;
  std::uint64_t since = 1;
};

int ExportList(const GlobalOptions& global, const BackupOptions& options) {
  const auto list = storage::ExportErasures(options.store, options.since, options.out);
  if (!list) return Fail(global, list.error());
  std::uint64_t erased = 0;
  for (const storage::JournalEntry& entry : list->entries) erased += entry.erased.size();
  if (global.json) {
    PrintJson({{"out", options.out},
               {"first", list->first},
               {"last", list->last},
               {"updates", list->entries.size()},
               {"erased", erased}});
  } else {
    Print(fmt::format("Wrote what has left the store in updates {} to {}: {} in {}.\n", list->first, list->last,
                      Count(erased, "record"), options.out));
  }
  return FinishOutput(global, kDone);
}

int RunBackup(const GlobalOptions& global, const BackupOptions& options) {
  const auto usage = [&](const std::string& message, const std::string& remedy) {
    return Fail(global, {ErrorCode::kUsage, message, "hedgerow backup", remedy});
  };
  if (options.erasures != !options.out.empty() || options.erasures == !options.to.empty()) {
    return usage("what to make is not clear",
                 "give --to DIR for a backup, or --erasures --out FILE for the list of erasures");
  }
  if (options.erasures) return ExportList(global, options);
  const auto start = std::chrono::steady_clock::now();
  const auto report = [&] {
    Progress progress("copying " + options.store);
    progress.Update(0, 0);
    return storage::MakeBackup(options.store, options.to);
  }();
  if (!report) return Fail(global, report.error());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (global.json) {
    PrintJson({{"to", options.to},
               {"sequence", report->sequence},
               {"records", report->records},
               {"time", storage::UtcTime(report->time_us)},
               {"files", report->files},
               {"bytes", report->bytes},
               {"seconds", seconds}});
  } else {
    Print(fmt::format("Backed up {} in {:.1f} s.\n", Count(report->records, "record"), seconds));
    Print(Align({{"backup", options.to},
                 {"time", storage::UtcTime(report->time_us)},
                 {"update", Thousands(report->sequence)},
                 {"size", fmt::format("{} in {}", Bytes(report->bytes), Count(report->files, "file"))}}));
    Print("It holds what is forgotten from now on. Only 'hedgerow restore' opens it, which takes that out first.\n");
  }
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupBackup(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<BackupOptions>();
  app.add_option("--store", options->store, "Directory of the store, closed or in use")->required()->type_name("DIR");
  app.add_option("--to", options->to, "New directory for the backup")->type_name("DIR");
  app.add_flag("--erasures", options->erasures,
               "Write no backup, but the list of all that has left the store, for 'restore'");
  app.add_option("--out", options->out, "File for that list")->type_name("FILE");
  AddNumber(app, "--since", options->since, "First update in that list: at most the one that the backup ends with",
            {.low = 1});
  AddJson(app, global);
  AddExamples(app, {"hedgerow backup --store shop --to /backups/shop-monday",
                    "hedgerow backup --store shop --erasures --out /backups/shop-erasures.txt"});
  return [options, &global] { return RunBackup(global, *options); };
}

}  // namespace hedgerow::cli
