// hedgerow audit check: a receipt, checked offline with nothing but the public key.
#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/format.h"
#include "cli/options.h"
#include "storage/bytes.h"
#include "storage/evidence/receipt.h"

namespace hedgerow::cli {
namespace {

struct CheckReceiptOptions {
  Where where;
  std::string receipt, subject, record;
  std::vector<std::string> keys;
};

Result<std::vector<storage::NoteKey>> KeysFor(const CheckReceiptOptions& options) {
  if (!options.keys.empty()) return ReadKeys(options.keys);
  const auto log = OpenLog(options.where);
  if (!log) return log.error();
  return log->files.keys();
}

Json ToJson(const storage::ReceiptFindings& found, bool asked) {
  Json object = {{"ok", found.problem.empty()}, {"problem", found.problem}};
  if (!found.entry) return object;
  object["origin"] = found.checkpoint.origin;
  object["size"] = found.checkpoint.size;
  object["opened"] = found.opened;
  object["named"] = asked ? Json(found.named) : Json(nullptr);
  object["entry"] = cli::ToJson(found.index, *found.entry);
  return object;
}

std::string ToText(const storage::ReceiptFindings& found, bool asked) {
  if (!found.problem.empty()) return fmt::format("WRONG: {}.\n", found.problem);
  Rows rows = {{"log", found.checkpoint.origin},
               {"entry", fmt::format("{} of {}", found.index, found.checkpoint.size)},
               {"signed by", found.signers.back().ToText()}};
  for (const auto& [name, value] : found.entry->fields) rows.emplace_back(std::string(name), value);
  std::string text = "Right: the log's key has signed a log with this entry.\n";
  if (asked) text += fmt::format("It names this {}.\n", found.is_record ? "record" : "subject");
  if (!asked && found.opened) {
    text += fmt::format("It names a {}: give the id with --{} to see whether it is the one.\n",
                        found.is_record ? "record" : "subject", found.is_record ? "record" : "subject");
  }
  if (!found.opened) text += "It has no opening: it does not tell whom the request named.\n";
  return text + Align(rows);
}

int RunCheck(const GlobalOptions& global, const CheckReceiptOptions& options) {
  const bool from_log = options.where.remote() || !options.where.store.directory.empty();
  if (options.keys.empty() != from_log) {
    return Fail(global, {ErrorCode::kUsage, "it has to be known whose signature is right", "--key",
                         "give the log's public key, or with --store or --connect a log whose keys you trust"});
  }
  const auto keys = KeysFor(options);
  if (!keys) return Fail(global, keys.error());
  const auto text = ReadSmallFile(options.receipt);
  if (!text) return Fail(global, text.error());
  std::optional<storage::Identity> identity;
  if (!options.subject.empty()) identity = storage::Identity{false, options.subject};
  if (!options.record.empty()) identity = storage::Identity{true, options.record};
  const storage::ReceiptFindings found = storage::CheckReceipt(*text, *keys, identity);
  global.json ? PrintJson(ToJson(found, identity.has_value())) : Print(ToText(found, identity.has_value()));
  return FinishOutput(global, found.problem.empty() ? kDone : kAnswerIsNo);
}

}  // namespace

Run SetupAuditCheck(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<CheckReceiptOptions>();
  app.add_option("receipt", options->receipt, "File with the receipt")->required()->type_name("RECEIPT");
  AddKeys(app, options->keys);
  AddServer(app, options->where,
            app.add_option("--store", options->where.store.directory,
                           "Take the public keys from the log of this store or export")
                ->type_name("DIR"));
  CLI::Option* subject =
      app.add_option("--subject", options->subject, "Whether it names this data subject")->type_name("ID");
  app.add_option("--record", options->record, "Whether it names this record")
      ->check(CheckRecord)
      ->excludes(subject)
      ->type_name("ID");
  AddJson(app, global);
  AddExamples(app, {"hedgerow audit check receipt.tlog-proof --key shop.pub",
                    "hedgerow audit check receipt.tlog-proof --key shop.pub --subject customer-4711"});
  return [options, &global] { return RunCheck(global, *options); };
}

}  // namespace hedgerow::cli
