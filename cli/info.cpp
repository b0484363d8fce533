// hedgerow info: what is in a store.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "cli/format.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "unlearn/robustness.h"

namespace hedgerow::cli {
namespace {

using MemoryBytes = std::map<std::string, std::uint64_t>;

Json ToJson(const forest::Parameters& p) {
  return {{"seed", p.seed},
          {"trees", p.trees},
          {"occupancy", p.occupancy},
          {"max_depth", p.max_depth},
          {"min_split", p.min_split},
          {"min_leaf", p.min_leaf},
          {"max_features", p.max_features},
          {"thresholds", p.thresholds},
          {"smoothing", p.smoothing}};
}

MemoryBytes MemoryOf(const unlearn::Model& model) {
  MemoryBytes memory = {{"records", model.records().MemoryBytes()},
                        {"forest", model.forest().MemoryBytes()},
                        {"layout", model.LayoutBytes()}};
  memory["total"] = memory["records"] + memory["forest"] + memory["layout"];
  return memory;
}

// "0", "1-2", "3-6", ...: what entry `b` of the histogram stands for.
std::string RangeOf(std::size_t b) {
  const std::uint64_t low = (std::uint64_t{1} << b) - 1, high = (std::uint64_t{2} << b) - 2;
  return low == high ? Thousands(low) : Thousands(low) + " to " + Thousands(high);
}

std::string HistogramText(const std::vector<std::uint64_t>& histogram) {
  constexpr std::size_t kBar = 40;
  std::uint64_t largest = 0;
  for (const std::uint64_t count : histogram) largest = std::max(largest, count);
  if (largest == 0) return "\nRobustness: no node is large enough to have a certificate.\n";
  std::string text = "\nRobustness: splits of large nodes, by the removals that each certainly survives.\n";
  for (std::size_t b = 0; b < histogram.size(); ++b) {
    const auto bar = static_cast<std::size_t>((histogram[b] * kBar + largest - 1) / largest);
    text += fmt::format("  {:>20}  {:>9}  {}\n", RangeOf(b), Thousands(histogram[b]), std::string(bar, '#'));
  }
  return text;
}

void PrintText(const StoreOptions& options, const OpenStore& opened) {
  const unlearn::Model& model = opened->model();
  const forest::Parameters& p = model.forest().parameters();
  const datasets::Schema& schema = model.forest().schema();
  const auto disk = opened->DiskBytes();
  const MemoryBytes memory = MemoryOf(model);
  Print(fmt::format("Store {}\n", options.directory));
  Rows rows = {
      {"root", opened->Root().ToHex()},
      {"data", schema.name},
      {"records", fmt::format("{} live, {} of them with a known data subject", Thousands(model.records().size()),
                              Thousands(opened->subjects()))},
      {"forgotten", fmt::format("{}, {} of them not yet erased from the disk", Count(opened->forgotten(), "record"),
                                Thousands(opened->pending_erasures()))},
      {"features", Thousands(schema.features.size())},
      {"classes", Thousands(schema.classes.size())},
      {"trees", fmt::format("{}; each record is in {} of them", p.trees, p.occupancy)},
      {"growing",
       fmt::format("max depth {}, min split {}, min leaf {}, max features {}, thresholds {}", p.max_depth, p.min_split,
                   p.min_leaf, p.max_features == 0 ? "all" : std::to_string(p.max_features), p.thresholds)},
      {"leaves", fmt::format("smoothing {}", p.smoothing)},
      {"seed", std::to_string(p.seed)},
      {"memory", fmt::format("{}: records {}, forest {}, prediction layout {}", Bytes(memory.at("total")),
                             Bytes(memory.at("records")), Bytes(memory.at("forest")), Bytes(memory.at("layout")))}};
  std::string parts;
  std::uint64_t total = 0;
  for (const auto& [name, bytes] : disk) {
    if (name == "total") {
      total = bytes;
    } else {
      parts += fmt::format("{}{} {}", parts.empty() ? ": " : ", ", name, Bytes(bytes));
    }
  }
  rows.emplace_back("disk", Bytes(total) + parts);
  std::string tables;
  for (const auto& [name, bytes] : opened->TableBytes())
    tables += fmt::format("{}{} {}", tables.empty() ? "" : ", ", name, Bytes(bytes));
  rows.emplace_back("tables", tables);
  const auto age = opened->checkpoint_age_s();
  rows.emplace_back("checkpoint", age ? fmt::format("{:.0f} s ago", *age) : "never");
  rows.emplace_back("updates", Thousands(opened->sequence()));
  Print(Align(rows));
  Print(HistogramText(unlearn::RobustnessHistogram(model.forest(), *opened.executor)));
}

int RunInfo(const GlobalOptions& global, const StoreOptions& options) {
  auto opened = Open(options, storage::OpenMode::kRead);
  if (!opened) return Fail(global, opened.error());
  const unlearn::Model& model = (*opened)->model();
  const forest::Forest& forest = model.forest();
  if (!global.json) {
    PrintText(options, *opened);
    return FinishOutput(global, kDone);
  }
  PrintJson({{"root", (*opened)->Root().ToHex()},
             {"records", model.records().size()},
             {"trees", forest.parameters().trees},
             {"classes", forest.schema().classes},
             {"parameters", ToJson(forest.parameters())},
             {"memory_bytes", MemoryOf(model)},
             {"robustness", unlearn::RobustnessHistogram(forest, *opened->executor)},
             // Updates are complete when they return: no subtree waits to be grown.
             {"hedges", 0},
             {"queued", 0},
             {"pending_erasures", (*opened)->pending_erasures()},
             {"checkpoint_age_s", (*opened)->checkpoint_age_s() ? Json(*(*opened)->checkpoint_age_s()) : Json(nullptr)},
             {"sequence", (*opened)->sequence()},
             {"disk_bytes", (*opened)->DiskBytes()},
             {"table_bytes", (*opened)->TableBytes()},
             {"features", forest.width()},
             {"name", forest.schema().name},
             {"forgotten", (*opened)->forgotten()},
             {"with_subject", (*opened)->subjects()}});
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupInfo(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<StoreOptions>();
  AddStore(app, *options);
  AddJson(app, global);
  AddExamples(app, {"hedgerow info --store shop", "hedgerow info --store shop --json"});
  return [options, &global] { return RunInfo(global, *options); };
}

}  // namespace hedgerow::cli
