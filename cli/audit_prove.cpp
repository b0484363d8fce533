// hedgerow audit prove: a receipt for a request, from the log's files.
#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/receipts.h"

namespace hedgerow::cli {
namespace {

struct ProveOptions {
  Where where;
  std::string id, stage, receipt, out;
};

// The entry that the receipt is to be for: of the stage that was asked for, or the latest one.
Result<std::uint64_t> Choose(const OpenedLog& log, const ProveOptions& options) {
  const auto found = log.EntriesOf(options.id);
  if (!found) return found.error();
  std::optional<std::uint64_t> chosen;
  for (const std::uint64_t index : *found) {
    const auto bytes = log.files.Entry(index);
    if (!bytes) return bytes.error();
    const auto entry = storage::DecodeLogEntry(*bytes);
    if (entry && (options.stage.empty() || entry->Get("stage") == options.stage)) chosen = index;
  }
  if (chosen) return *chosen;
  return Error{ErrorCode::kUnknownRecord,
               found->empty() ? "no such request is in the signed part of the log"
                              : "the request has not come to this stage in the signed part of the log",
               options.where.name(), "check the id; what has just happened is signed within a second"};
}

// The opening stands in the first receipt alone: the store has not kept it.
Result<std::optional<storage::Opening>> OldOpening(const ProveOptions& options, const std::string& entry) {
  if (options.receipt.empty()) return std::optional<storage::Opening>();
  const Result<std::string> text = ReadSmallFile(options.receipt);
  if (!text) return text.error();
  const auto old = storage::ParseReceipt(*text);
  const auto old_entry = old ? storage::DecodeLogEntry(old->entry) : std::nullopt;
  if (!old_entry) {
    return Error{ErrorCode::kBadInput, "it is no receipt", options.receipt, "give a receipt of the same request"};
  }
  const auto now = storage::DecodeLogEntry(entry);
  const bool same =
      now && now->Get("request") == old_entry->Get("request") && now->Get("subjects") == old_entry->Get("subjects");
  if (same) return old->opening;
  return Error{ErrorCode::kBadInput, "the receipt is of another request", options.receipt,
               "give a receipt of the same request"};
}

int RunProve(const GlobalOptions& global, const ProveOptions& options) {
  const auto log = OpenLog(options.where);
  if (!log) return Fail(global, log.error());
  const auto index = Choose(*log, options);
  if (!index) return Fail(global, index.error());
  const auto entry = log->files.Entry(*index);
  if (!entry) return Fail(global, entry.error());
  const auto opening = OldOpening(options, *entry);
  if (!opening) return Fail(global, opening.error());
  const auto receipt = log->files.Prove(*index, *opening);
  if (!receipt) return Fail(global, receipt.error());
  if (options.out.empty()) {
    Print(receipt->ToText());
    return FinishOutput(global, kDone);
  }
  if (Status status = WriteReceipt(options.out, receipt->ToText()); !status) return Fail(global, status.error());
  const std::string stage(storage::DecodeLogEntry(*entry)->Get("stage"));
  if (global.json) {
    PrintJson({{"out", options.out},
               {"index", *index},
               {"size", log->files.size()},
               {"stage", stage},
               {"opening", opening->has_value()}});
  } else {
    Print(fmt::format("Wrote a receipt for the stage {} to {}.\n", stage, options.out));
    if (!*opening) {
      Print("It has no opening, so it does not tell whom the request named: give the first receipt with --receipt.\n");
    }
  }
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupAuditProve(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<ProveOptions>();
  AddLog(app, options->where);
  app.add_option("id", options->id, "Id of the request")->required()->type_name("ID");
  app.add_option("--stage", options->stage, "Stage to prove: unlearned, exact or erased (default: the latest)")
      ->check([](const std::string& name) {
        const bool known = name == "unlearned" || name == "exact" || name == "erased";
        return known ? "" : "must be one of unlearned, exact, erased";
      })
      ->type_name("STAGE");
  app.add_option("--receipt", options->receipt, "Earlier receipt of the request, whose opening is taken over")
      ->type_name("FILE");
  CLI::Option* out =
      app.add_option("--out", options->out, "File to write; default: standard output")->type_name("FILE");
  AddJson(app, global);
  app.get_option("--json")->needs(out);
  AddExamples(app, {"hedgerow audit prove --store shop 8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11 --out new.tlog-proof "
                    "--receipt old.tlog-proof"});
  return [options, &global] { return RunProve(global, *options); };
}

}  // namespace hedgerow::cli
