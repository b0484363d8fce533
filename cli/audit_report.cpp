// hedgerow audit report: for the file of the data protection officer, as Markdown or as one HTML page.
#include <fmt/format.h>

#include <fstream>
#include <memory>

#include "cli/audit.h"
#include "cli/options.h"
#include "cli/report_content.h"
#include "storage/evidence/log_audit.h"

namespace hedgerow::cli {
namespace {

struct ReportOptions {
  Where where;
  std::string out;
  std::vector<std::string> keys;
  PeriodOptions period;
  bool html = false;
};

int RunReport(const GlobalOptions& global, const ReportOptions& options) {
  auto keys = ReadKeys(options.keys);
  if (!keys) return Fail(global, keys.error());
  const auto log = OpenLog(options.where);
  if (!log) return Fail(global, log.error());
  const auto audit = storage::AuditLog(
      log->files, {.directory = log->directory, .keys = std::move(*keys), .earlier = {}, .progress = {}});
  if (!audit) return Fail(global, audit.error());
  const auto document = MakeReport(log->files, *audit, options.period, storage::NowUs());
  if (!document) return Fail(global, document.error());
  const bool html = options.html || options.out.ends_with(".html");
  const std::string text = html ? ToHtml(*document) : ToMarkdown(*document);
  if (options.out.empty()) {
    Print(text);
  } else {
    std::ofstream file(options.out, std::ios::binary | std::ios::trunc);
    if (!(file << text && file.flush()))
      return Fail(global, {ErrorCode::kIo, "the report cannot be written", options.out, "check the path and the disk"});
    if (global.json) {
      PrintJson({{"out", options.out}, {"html", html}, {"ok", audit->ok()}, {"size", log->files.size()}});
    } else {
      Print(fmt::format("Wrote the report to {}.\n", options.out));
    }
  }
  return FinishOutput(global, audit->ok() ? kDone : kAnswerIsNo);
}

}  // namespace

Run SetupAuditReport(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<ReportOptions>();
  AddLog(app, options->where);
  AddPeriod(app, options->period);
  AddKeys(app, options->keys);
  CLI::Option* out =
      app.add_option("--out", options->out, "File to write; default: standard output")->type_name("FILE");
  app.add_flag("--html", options->html, "HTML instead of Markdown, as for a file with that ending");
  AddJson(app, global);
  app.get_option("--json")->needs(out);
  AddExamples(app, {"hedgerow audit report --store shop --from 2026-10-01 --to 2026-11-01 --out october.html"});
  return [options, &global] { return RunReport(global, *options); };
}

}  // namespace hedgerow::cli
