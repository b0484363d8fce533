// hedgerow audit verify: the whole log, its signatures, older checkpoints, and the store against it.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "cli/audit.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "storage/evidence/log_audit.h"

namespace hedgerow::cli {
namespace {

struct VerifyLogOptions {
  Where where;
  std::vector<std::string> keys, earlier;
};

Json ToJson(const storage::AuditReport& report, double seconds) {
  Json signers = Json::array();
  for (const storage::NoteKey& key : report.signers) signers.push_back(key.ToText());
  return {{"ok", report.ok()},
          {"problems", report.problems},
          {"problem_count", report.problem_count},
          {"origin", report.checkpoint.origin},
          {"size", report.checkpoint.size},
          {"hash", storage::ToBase64(storage::BytesOf(report.checkpoint.root))},
          {"signers", signers},
          {"updates", report.updates},
          {"accepted", report.accepted},
          {"exact", report.exact},
          {"erased", report.erased},
          {"verified", report.verified},
          {"unlogged", report.unlogged},
          {"tiles", report.tiles},
          {"earlier", report.earlier},
          {"with_store", report.with_store},
          {"seconds", seconds}};
}

std::string ToText(const storage::AuditReport& report, bool remote, double seconds) {
  std::string text = report.ok() ? "Right: the log is whole, signed, and tells what the store has done.\n"
                                 : fmt::format("WRONG in {}:\n", Count(report.problem_count, "place"));
  if (report.ok() && !report.with_store) text = "Right: the log is whole and signed.\n";
  for (const std::string& problem : report.problems) text += fmt::format("  {}\n", problem);
  if (report.problems.size() < report.problem_count) text += "  ...\n";
  Rows rows = {{"log", report.checkpoint.origin}, {"entries", Thousands(report.checkpoint.size)}};
  for (const storage::NoteKey& key : report.signers) rows.emplace_back("signed by", key.ToText());
  rows.emplace_back("updates",
                    fmt::format("{}; told as unlearned {}, exact {}, erased {}", Thousands(report.updates),
                                Thousands(report.accepted), Thousands(report.exact), Thousands(report.erased)));
  if (report.unlogged != 0)
    rows.emplace_back("", fmt::format("{} of them from before the log", Thousands(report.unlogged)));
  rows.emplace_back("verifications", Thousands(report.verified));
  if (report.earlier != 0) rows.emplace_back("continues", Count(report.earlier, "earlier checkpoint"));
  rows.emplace_back("store", report.with_store ? "compared: journal, records, entries"
                             : remote          ? "behind the server: the log alone; where it is, --store compares it"
                                               : "not there: the log alone");
  rows.emplace_back("time", fmt::format("{:.1f} s", seconds));
  return text + Align(rows);
}

int RunVerifyLog(const GlobalOptions& global, const VerifyLogOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  auto keys = ReadKeys(options.keys);
  if (!keys) return Fail(global, keys.error());
  const auto log = OpenLog(options.where);
  if (!log) return Fail(global, log.error());
  storage::AuditOptions audit{.directory = log->directory, .keys = std::move(*keys), .earlier = {}, .progress = {}};
  for (const std::string& path : options.earlier) {
    auto text = ReadSmallFile(path, kMostReceiptBytes);
    if (!text) return Fail(global, text.error());
    audit.earlier.push_back(std::move(*text));
  }
  const auto report = [&] {
    Progress progress("reading the log");
    audit.progress = [&](std::uint64_t done, std::uint64_t total) { progress.Update(done, total); };
    return storage::AuditLog(log->files, audit);
  }();
  if (!report) return Fail(global, report.error());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  global.json ? PrintJson(ToJson(*report, seconds)) : Print(ToText(*report, log->remote(), seconds));
  return FinishOutput(global, report->ok() ? kDone : kAnswerIsNo);
}

}  // namespace

Run SetupAuditVerify(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<VerifyLogOptions>();
  AddLog(app, options->where);
  AddKeys(app, options->keys);
  app.add_option("--checkpoint", options->earlier,
                 "Checkpoint or receipt that was kept elsewhere, which the log must continue; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FILE");
  AddJson(app, global);
  AddExamples(app, {"hedgerow audit verify --store shop",
                    "hedgerow audit verify --store shop --key shop.pub --checkpoint last-month.checkpoint"});
  return [options, &global] { return RunVerifyLog(global, *options); };
}

}  // namespace hedgerow::cli
