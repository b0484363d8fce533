// hedgerow verify: grows the forest anew from the live records and compares the roots.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>

#include "cli/connect.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/verbs.h"

namespace hedgerow::cli {
namespace {

struct VerifyOptions {
  Where where;
  bool quick = false;
};

int RunVerify(const GlobalOptions& global, const VerifyOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  auto opened = OpenAccess(options.where, storage::OpenMode::kRead);
  if (!opened) return Fail(global, opened.error());
  forest::Digest root;
  std::uint64_t records = 0;
  std::optional<forest::Digest> regrown;
  if (options.quick) {
    const auto info = (*opened)->Describe();
    if (!info) return Fail(global, info.error());
    root = info->root;
    records = info->records;
  } else {
    Progress progress("growing anew");
    const auto found = (*opened)->Compare([&](std::size_t done, std::size_t total) { progress.Update(done, total); });
    if (!found) return Fail(global, found.error());
    root = found->root;
    regrown = found->regrown_root;
    records = found->records;
  }
  const bool equal = !regrown || *regrown == root;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (global.json) {
    PrintJson({{"equal", regrown ? Json(equal) : Json(nullptr)},
               {"root", root.ToHex()},
               {"regrown_root", regrown ? Json(regrown->ToHex()) : Json(nullptr)},
               {"records", records},
               {"seconds", seconds},
               {"quick", options.quick}});
    return FinishOutput(global, equal ? kDone : kAnswerIsNo);
  }
  Rows rows = {{"records", Thousands(records)}, {"root", root.ToHex()}};
  if (regrown) rows.emplace_back("grown anew", regrown->ToHex());
  rows.emplace_back("time", fmt::format("{:.1f} s", seconds));
  if (options.quick) {
    Print("Readable: every checksum of the store is right. Nothing was grown anew (--quick).\n");
  } else if (equal) {
    Print("Equal: the model is the one that grows from the live records alone.\n");
  } else {
    Print("NOT EQUAL: the model is not the one that grows from the live records.\n");
  }
  Print(Align(rows));
  return FinishOutput(global, equal ? kDone : kAnswerIsNo);
}

}  // namespace

Run SetupVerify(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<VerifyOptions>();
  AddWhere(app, options->where);
  app.add_flag("--quick", options->quick, "Check the store's checksums and take the root, but grow nothing anew");
  AddJson(app, global);
  AddExamples(app, {"hedgerow verify --store shop", "hedgerow verify --store shop --quick --json"});
  return [options, &global] { return RunVerify(global, *options); };
}

}  // namespace hedgerow::cli
