// hedgerow audit prove: a receipt for a request, from the log's files.
#include <fmt/format.h>

#include <map>
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

// Where the log tells of one part of the request, by stage.
using Places = std::map<std::string, std::uint64_t, std::less<>>;

// The parts of the request, by the numbers of their updates. Nearly all requests have one.
Result<std::map<std::uint64_t, Places>> FindParts(const OpenedLog& log, const ProveOptions& options) {
  const auto found = log.EntriesOf(options.id);
  if (!found) return found.error();
  std::map<std::uint64_t, Places> parts;
  for (const std::uint64_t index : *found) {
    const auto bytes = log.files.Entry(index);
    if (!bytes) return bytes.error();
    const auto entry = storage::DecodeLogEntry(*bytes);
    if (entry) parts[entry->Number("sequence")][std::string(entry->Get("stage"))] = index;
  }
  if (!parts.empty()) return parts;
  return Error{ErrorCode::kUnknownRecord, "no such request is in the signed part of the log", options.where.name(),
               "check the id; what has just happened is signed within a second"};
}

struct Chosen {
  std::string stage;
  std::vector<std::uint64_t> entries;  // one a part
};

// The entries that the receipt is to be for: of the stage that was asked for, or the latest one that all parts have.
Result<Chosen> Choose(const OpenedLog& log, const ProveOptions& options) {
  const auto parts = FindParts(log, options);
  if (!parts) return parts.error();
  for (const char* stage : {"erased", "exact", "unlearned"}) {
    if (!options.stage.empty() && options.stage != stage) continue;
    Chosen chosen{stage, {}};
    for (const auto& [sequence, places] : *parts) {
      if (const auto place = places.find(stage); place != places.end()) chosen.entries.push_back(place->second);
    }
    if (chosen.entries.size() == parts->size()) return chosen;
  }
  return Error{ErrorCode::kUnknownRecord, "the request has not come to this stage in the signed part of the log",
               options.where.name(), "check the id; what has just happened is signed within a second"};
}

// The opening stands in the first receipt alone: the store has not kept it.
Result<std::optional<storage::Opening>> OldOpening(const ProveOptions& options, const std::string& entry) {
  if (options.receipt.empty()) return std::optional<storage::Opening>();
  const Result<std::string> text = ReadSmallFile(options.receipt, kMostReceiptBytes);
  if (!text) return text.error();
  const auto old = storage::ParseLastReceipt(*text);
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

// The receipt's text: a bundle, if the request was made in parts.
struct Proof {
  std::string text;
  bool opened = false;
};
Result<Proof> Prove(const OpenedLog& log, const ProveOptions& options, const Chosen& chosen) {
  Proof proof;
  for (const std::uint64_t index : chosen.entries) {
    std::optional<storage::Opening> opening;
    if (index == chosen.entries.back()) {
      const auto entry = log.files.Entry(index);
      if (!entry) return entry.error();
      auto old = OldOpening(options, *entry);
      if (!old) return old.error();
      opening = std::move(*old);
    }
    const auto receipt = log.files.Prove(index, opening);
    if (!receipt) return receipt.error();
    proof.text += receipt->ToText();
    proof.opened = opening.has_value();
  }
  return proof;
}

int RunProve(const GlobalOptions& global, const ProveOptions& options) {
  const auto log = OpenLog(options.where);
  if (!log) return Fail(global, log.error());
  const auto chosen = Choose(*log, options);
  if (!chosen) return Fail(global, chosen.error());
  const auto proof = Prove(*log, options, *chosen);
  if (!proof) return Fail(global, proof.error());
  if (options.out.empty()) {
    Print(proof->text);
    return FinishOutput(global, kDone);
  }
  if (Status status = WriteReceipt(options.out, proof->text); !status) return Fail(global, status.error());
  const std::size_t parts = chosen->entries.size();
  if (global.json) {
    PrintJson({{"out", options.out},
               {"index", chosen->entries.back()},
               {"size", log->files.size()},
               {"stage", chosen->stage},
               {"parts", parts},
               {"opening", proof->opened}});
  } else {
    Print(fmt::format("Wrote a receipt for the stage {}{} to {}.\n", chosen->stage,
                      parts == 1 ? "" : fmt::format(", of {} parts,", parts), options.out));
    if (!proof->opened) {
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
