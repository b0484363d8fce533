// hedgerow audit consistency: a proof that the log continues an older checkpoint.
#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/format.h"
#include "cli/options.h"
#include "storage/evidence/merkle.h"

namespace hedgerow::cli {
namespace {

struct ConsistencyOptions {
  Where where;
  std::string old;
  std::vector<std::string> keys;
};

// The checkpoint of a file, or of a receipt.
std::optional<storage::SignedNote> ReadOld(const std::string& text) {
  if (const auto receipt = storage::ParseLastReceipt(text)) return receipt->checkpoint;
  return storage::ParseNote(text);
}

struct Finding {
  std::string problem;
  storage::Checkpoint old;
  std::vector<storage::Hash> proof;
};

Result<Finding> Examine(const storage::LogFiles& log, const std::string& text,
                        const std::vector<storage::NoteKey>& keys) {
  Finding finding;
  const auto problem = [&](std::string what) {
    finding.problem = std::move(what);
    return finding;
  };
  const auto note = ReadOld(text);
  const auto old = note ? storage::ParseCheckpoint(note->text) : std::nullopt;
  if (!old) return problem("the file is no checkpoint and no receipt");
  finding.old = *old;
  const auto old_signers = storage::SignersOf(*note, keys), signers = storage::SignersOf(log.note(), keys);
  if (!old_signers || old_signers->empty()) return problem("the older checkpoint is not signed by the log's key");
  if (!signers || signers->empty()) return problem("the log's checkpoint is not signed by its key");
  if (old->size > log.size()) return problem("the log was rolled back: it has fewer entries than the older checkpoint");
  Result<std::vector<storage::Hash>> proof = storage::ConsistencyProof(old->size, log.size(), log.Subtrees());
  if (!proof) return proof.error();
  finding.proof = std::move(*proof);
  if (!storage::VerifyConsistency(old->size, log.size(), old->root, log.checkpoint().root, finding.proof))
    return problem("the log was rewritten: it does not continue the older checkpoint");
  return finding;
}

int RunConsistency(const GlobalOptions& global, const ConsistencyOptions& options) {
  const auto opened = OpenLog(options.where);
  if (!opened) return Fail(global, opened.error());
  const storage::LogFiles& log = opened->files;
  const auto text = ReadSmallFile(options.old, kMostReceiptBytes);
  if (!text) return Fail(global, text.error());
  auto keys = ReadKeys(options.keys);
  if (!keys) return Fail(global, keys.error());
  const auto finding = Examine(log, *text, options.keys.empty() ? log.keys() : *keys);
  if (!finding) return Fail(global, finding.error());
  const bool ok = finding->problem.empty();
  if (global.json) {
    Json proof = Json::array();
    for (const storage::Hash& hash : finding->proof) proof.push_back(storage::ToBase64(storage::BytesOf(hash)));
    PrintJson({{"ok", ok},
               {"problem", finding->problem},
               {"origin", log.checkpoint().origin},
               {"old_size", finding->old.size},
               {"old_hash", storage::ToBase64(storage::BytesOf(finding->old.root))},
               {"size", log.size()},
               {"hash", storage::ToBase64(storage::BytesOf(log.checkpoint().root))},
               {"proof", proof}});
    return FinishOutput(global, ok ? kDone : kAnswerIsNo);
  }
  if (!ok) {
    Print(fmt::format("WRONG: {}.\n", finding->problem));
    return FinishOutput(global, kAnswerIsNo);
  }
  std::string out = fmt::format("Right: the log of {} entries continues the one of {}. The proof, by RFC 6962:\n",
                                Thousands(log.size()), Thousands(finding->old.size));
  for (const storage::Hash& hash : finding->proof)
    out += fmt::format("  {}\n", storage::ToBase64(storage::BytesOf(hash)));
  Print(out);
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupAuditConsistency(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<ConsistencyOptions>();
  app.add_option("old", options->old, "Older checkpoint, or a receipt, which has one")
      ->required()
      ->type_name("OLD-CHECKPOINT");
  AddLog(app, options->where);
  AddKeys(app, options->keys);
  AddJson(app, global);
  AddExamples(app, {"hedgerow audit consistency last-month.checkpoint --store shop --key shop.pub"});
  return [options, &global] { return RunConsistency(global, *options); };
}

}  // namespace hedgerow::cli
