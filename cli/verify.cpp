// hedgerow verify: grows the forest anew from the live records and compares the roots.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>

#include "cli/format.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/verbs.h"

namespace hedgerow::cli {
namespace {

struct VerifyOptions {
  StoreOptions store;
  bool quick = false;
};

forest::Digest RegrownRoot(const OpenStore& opened) {
  const unlearn::Model& model = opened->model();
  Progress progress("growing anew");
  forest::Forest regrown =
      model.Regrow(*opened.executor, [&](std::size_t done, std::size_t total) { progress.Update(done, total); });
  return regrown.Root(model.records(), *opened.executor);
}

int RunVerify(const GlobalOptions& global, const VerifyOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  auto opened = Open(options.store, storage::OpenMode::kRead);
  if (!opened) return Fail(global, opened.error());
  const forest::Digest root = (*opened)->Root();
  const std::uint64_t records = (*opened)->model().records().size();
  std::optional<forest::Digest> regrown;
  if (!options.quick) regrown = RegrownRoot(*opened);
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
  AddStore(app, options->store);
  app.add_flag("--quick", options->quick, "Check the store's checksums and take the root, but grow nothing anew");
  AddJson(app, global);
  AddExamples(app, {"hedgerow verify --store shop", "hedgerow verify --store shop --quick --json"});
  return [options, &global] { return RunVerify(global, *options); };
}

}  // namespace hedgerow::cli
