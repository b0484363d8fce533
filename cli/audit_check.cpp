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

Json ToJson(const storage::BundleFindings& found, bool asked) {
  Json object = {{"ok", found.problem.empty()}, {"problem", found.problem}};
  const storage::ReceiptFindings& last = found.parts.back();
  if (!last.entry) return object;
  object["origin"] = last.checkpoint.origin;
  object["size"] = last.checkpoint.size;
  object["opened"] = last.opened;
  object["named"] = asked ? Json(last.named) : Json(nullptr);
  object["entry"] = cli::ToJson(last.index, *last.entry);
  object["parts"] = found.parts.size();
  object["opened_parts"] = found.opened;
  object["records"] = found.records;
  object["stage"] = found.stage;
  return object;
}

// Whom it names, as far as that can be told.
std::string NamedText(const storage::BundleFindings& found, bool asked) {
  const storage::ReceiptFindings& last = found.parts.back();
  if (!last.opened) return "It has no opening: it does not tell whom the request named.\n";
  const std::string kind = last.is_record ? "record" : "subject";
  std::string text =
      asked ? fmt::format("It names this {}.\n", kind)
            : fmt::format("It names a {}: give the id with --{} to see whether it is the one.\n", kind, kind);
  if (found.opened != found.parts.size()) {
    text += fmt::format("{} of its parts are of a first try that was cut short, and do not tell whom it named.\n",
                        found.parts.size() - found.opened);
  }
  return text;
}

std::string ToText(const storage::BundleFindings& found, bool asked) {
  if (!found.problem.empty()) return fmt::format("WRONG: {}.\n", found.problem);
  const storage::ReceiptFindings& last = found.parts.back();
  Rows rows = {{"log", last.checkpoint.origin}, {"signed by", last.signers.back().ToText()}};
  if (found.parts.size() == 1) {
    rows.emplace_back("entry", fmt::format("{} of {}", last.index, last.checkpoint.size));
    for (const auto& [name, value] : last.entry->fields) rows.emplace_back(std::string(name), value);
    return "Right: the log's key has signed a log with this entry.\n" + NamedText(found, asked) + Align(rows);
  }
  rows.emplace_back("stage", std::string(found.stage));
  rows.emplace_back("records", Thousands(found.records));
  for (const char* name : {"request", "kind", "ground", "role"})
    rows.emplace_back(name, std::string(last.entry->Get(name)));
  std::string text = fmt::format("Right: the log's key has signed a log with these {} parts of one request.\n{}{}",
                                 found.parts.size(), NamedText(found, asked), Align(rows));
  Rows parts;
  for (const storage::ReceiptFindings& part : found.parts) {
    parts.emplace_back(fmt::format("  entry {} of {}", part.index, part.checkpoint.size),
                       fmt::format("update {}, {}, {}", part.entry->Get("sequence"),
                                   Count(part.entry->Number("records"), "record"), part.entry->Get("time")));
  }
  return text + Align(parts);
}

int RunCheck(const GlobalOptions& global, const CheckReceiptOptions& options) {
  const bool from_log = options.where.remote() || !options.where.store.directory.empty();
  if (options.keys.empty() != from_log) {
    return Fail(global, {ErrorCode::kUsage, "it has to be known whose signature is right", "--key",
                         "give the log's public key, or with --store or --connect a log whose keys you trust"});
  }
  const auto keys = KeysFor(options);
  if (!keys) return Fail(global, keys.error());
  const auto text = ReadSmallFile(options.receipt, kMostReceiptBytes);
  if (!text) return Fail(global, text.error());
  std::optional<storage::Identity> identity;
  if (!options.subject.empty()) identity = storage::Identity{false, options.subject};
  if (!options.record.empty()) identity = storage::Identity{true, options.record};
  const storage::BundleFindings found = storage::CheckBundle(*text, *keys, identity);
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
