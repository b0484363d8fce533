// hedgerow audit export: a directory with the log, for an auditor.
#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/options.h"
#include "storage/evidence/log_search.h"

namespace hedgerow::cli {
namespace {

struct ExportOptions {
  Where where;
  std::string to;
  bool with_data = false;
};

Status Export(const ExportOptions& options) {
  if (!options.where.remote()) return storage::ExportLog(options.where.store.directory, options.to, options.with_data);
  if (options.with_data) {
    return Error{ErrorCode::kUsage, "a server does not give out the records and the seed", "--with-data",
                 "export them where the store is, with --store"};
  }
  const auto log = OpenLog(options.where);
  if (!log) return log.error();
  return storage::ExportLog(log->files, log->parameters, options.to);
}

int RunExport(const GlobalOptions& global, const ExportOptions& options) {
  if (Status status = Export(options); !status) return Fail(global, status.error());
  const auto log = storage::LogFiles::Open(options.to);
  if (!log) return Fail(global, log.error());
  if (global.json) {
    PrintJson({{"to", options.to},
               {"origin", log->checkpoint().origin},
               {"size", log->size()},
               {"with_data", options.with_data}});
  } else {
    Print(fmt::format("Exported a log of {} entries to {}.\n", log->size(), options.to));
    if (options.with_data) {
      Print("It holds the records: remove it when the audit is over, as nothing erases from it.\n");
    }
  }
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupAuditExport(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<ExportOptions>();
  AddLog(app, options->where);
  app.add_option("--to", options->to, "Directory to make")->required()->type_name("DIR2");
  app.add_flag("--with-data", options->with_data,
               "Also the records and the seed, to grow the forest anew: for an auditor who may see them");
  AddJson(app, global);
  AddExamples(app, {"hedgerow audit export --store shop --to for-the-auditor"});
  return [options, &global] { return RunExport(global, *options); };
}

}  // namespace hedgerow::cli
