// hedgerow compact: brings the stored trees up to date and erases from the disk what is no longer there.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "cli/format.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/verbs.h"

namespace hedgerow::cli {
namespace {

struct CompactOptions {
  StoreOptions store;
  bool regrow = false;
};

int RunCompact(const GlobalOptions& global, const CompactOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto executor = MakeExecutor(options.store.threads);
  storage::OpenOptions open;
  open.regrow = options.regrow;
  std::unique_ptr<storage::Store> store;
  std::uint64_t before = 0, erased = 0;
  const Status status = [&]() -> Status {
    Progress progress((options.regrow ? "growing anew " : "compacting ") + options.store.directory);
    progress.Update(0, 0);
    auto opened = storage::Store::Open(options.store.directory, open, *executor);
    if (!opened) return opened.error();
    store = std::move(*opened);
    before = store->DiskBytes().at("total");
    erased = store->pending_erasures();
    return store->Compact();
  }();
  if (!status) return Fail(global, status.error());
  erased -= store->pending_erasures();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::uint64_t after = store->DiskBytes().at("total");
  const std::uint64_t records = store->model().records().size();
  if (global.json) {
    PrintJson({{"erased", erased},
               {"records", records},
               {"root", store->Root().ToHex()},
               {"bytes_before", before},
               {"bytes_after", after},
               {"regrown", options.regrow},
               {"seconds", seconds}});
    return FinishOutput(global, kDone);
  }
  Print(fmt::format("Compacted in {:.1f} s.\n", seconds));
  Rows rows = {{"erased", Count(erased, "record")},
               {"records", Thousands(records)},
               {"disk", fmt::format("{}, {} before", Bytes(after), Bytes(before))},
               {"root", store->Root().ToHex()}};
  if (options.regrow) rows.emplace_back("trees", "grown anew from the records");
  Print(Align(rows));
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupCompact(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<CompactOptions>();
  AddStore(app, options->store);
  app.add_flag("--regrow", options->regrow,
               "Do not read the stored trees, grow them anew: for a store whose pages are damaged");
  AddJson(app, global);
  AddExamples(app, {"hedgerow compact --store shop", "hedgerow compact --store shop --regrow --json"});
  return [options, &global] { return RunCompact(global, *options); };
}

}  // namespace hedgerow::cli
