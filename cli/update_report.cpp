#include "cli/update_report.h"

#include <fmt/format.h>

#include <chrono>

#include "cli/format.h"
#include "cli/receipts.h"

namespace hedgerow::cli {

Json ToJson(const UpdateReport& report, const storage::Outcome& outcome) {
  const unlearn::Effect& effect = outcome.effect;
  Json object = {{"request_id", outcome.request_id},
                 {"records", outcome.record_count},
                 {"unknown", outcome.unknown},
                 {"already_forgotten", outcome.already_forgotten},
                 {"already_forgotten_subjects", outcome.already_forgotten_subjects.size()},
                 {"stage", report.dry_run ? Json(nullptr) : Json(report.stage)},
                 {"root_before", outcome.root_before.ToHex()},
                 {"root_after", outcome.root_after.ToHex()},
                 {"latency_us", outcome.update_us},
                 {"commit_us", outcome.commit_us},
                 {"wait_us", report.wait_us},
                 {"sequence", outcome.sequence},
                 {"repeated", outcome.repeated},
                 {"flips", effect.flips},
                 {"hedge_hits", effect.hedge_hits},
                 {"queued", effect.queued},
                 {"trees", effect.trees},
                 {"nodes", effect.nodes},
                 {"flipped_records", effect.flipped_records},
                 {"redraws", effect.redraws},
                 {"collapses", effect.collapses},
                 {"regrowths", effect.regrowths},
                 {"dry_run", report.dry_run}};
  if (!report.ground.empty()) object["ground"] = report.ground;
  if (!report.receipt.empty()) object["receipts"] = report.receipts;
  return object;
}

std::string ToText(const UpdateReport& report, const storage::Outcome& outcome) {
  std::string text;
  const unlearn::Effect& effect = outcome.effect;
  const std::uint64_t earlier = outcome.already_forgotten.size();
  if (outcome.repeated) {
    text += fmt::format("This request was carried out earlier, for {}: nothing to do.\n",
                        Count(outcome.record_count, "record"));
  } else if (!outcome.records.empty() || earlier + outcome.already_forgotten_subjects.size() == 0) {
    text += fmt::format("{} {} in {}{}.\n", report.verb, Count(outcome.records.size(), "record"),
                        Micros(outcome.update_us), report.dry_run ? "; nothing was changed" : "");
  }
  if (earlier != 0) {
    text += fmt::format("{} had been forgotten already: nothing to do for {}.\n", Count(earlier, "record"),
                        earlier == 1 ? "it" : "them");
  }
  if (const std::size_t subjects = outcome.already_forgotten_subjects.size(); subjects != 0) {
    text += fmt::format("{} had been forgotten already: nothing to do for {}.\n", Count(subjects, "data subject"),
                        subjects == 1 ? "it" : "them");
  }
  Rows rows = {{"request", outcome.request_id}};
  if (!report.dry_run)
    rows.emplace_back("stage", fmt::format("{}, after {} more", report.stage, Micros(report.wait_us)));
  if (!report.ground.empty()) rows.emplace_back("ground", report.ground);
  if (!outcome.records.empty()) {
    rows.emplace_back("touched", fmt::format("{}, {}", Count(effect.trees, "tree"), Count(effect.nodes, "node")));
    rows.emplace_back("splits", fmt::format("{} changed, with {} below grown anew", Thousands(effect.flips),
                                            Count(effect.flipped_records, "record")));
    rows.emplace_back("statistics", fmt::format("{} counted anew", Count(effect.redraws, "node")));
    rows.emplace_back("shape",
                      fmt::format("{} shrank to a leaf or small tree, or grew out of one; {} grown anew for a batch",
                                  Count(effect.collapses, "node"), Count(effect.regrowths, "node")));
  }
  for (const std::string& path : report.receipts) rows.emplace_back("receipt", path);
  rows.emplace_back("root before", outcome.root_before.ToHex());
  rows.emplace_back(report.dry_run ? "root then" : "root after", outcome.root_after.ToHex());
  return text + Align(rows);
}

int FinishUpdate(const GlobalOptions& global, StoreAccess& store, const storage::Outcome& outcome, UpdateReport report,
                 const RequestOptions& request) {
  // A server erases on its own, some time later; the command need not wait for that.
  const std::string wait = store.remote() && !request.wait_given ? "durable" : request.wait;
  report.stage = wait;
  if (!report.dry_run) {
    const auto start = std::chrono::steady_clock::now();
    // Whoever waits for erasure wants the journal on the disk before.
    for (const storage::Stage stage : {storage::Stage::kDurable, storage::Stage::kErased}) {
      if (stage > *storage::StageOf(wait)) continue;
      if (Status status = store.Await(outcome, stage); !status) return Fail(global, status.error());
    }
    report.wait_us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  }
  // The update is done, and told, whether or not its receipts can be written.
  std::optional<Error> failed;
  if (!report.receipt.empty()) {
    const auto texts = store.Receipts(outcome, *storage::StageOf(wait));
    auto receipts = texts ? WriteReceipts(*texts, report.receipt) : Result<std::vector<std::string>>(texts.error());
    receipts ? void(report.receipts = std::move(*receipts)) : void(failed = receipts.error());
  }
  if (global.json) {
    PrintJson(ToJson(report, outcome));
  } else {
    Print(ToText(report, outcome));
  }
  if (failed) return Fail(global, *failed);
  return FinishOutput(global, kDone);
}

}  // namespace hedgerow::cli
