// hedgerow info: what is in a store.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/connect.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/verbs.h"

namespace hedgerow::cli {
namespace {

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

double Per(std::uint64_t bytes, std::uint64_t count) {
  return count == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(count);
}

// Every byte that the model has in memory, by what it is for.
std::string MemoryText(const storage::StoreInfo& info) {
  Rows rows;
  for (const auto& [name, part] : info.memory_parts) {
    rows.emplace_back("  " + name,
                      fmt::format("{:>9}  {:>7.1f} a record  {:>12} of {:.1f} bytes", Bytes(part.bytes),
                                  Per(part.bytes, info.records), Thousands(part.count), Per(part.bytes, part.count)));
  }
  return "\nMemory: in all, bytes a live record, and how many of which size.\n" + Align(rows);
}

void PrintText(const Where& where, const server::Model& model, const storage::StoreInfo& info) {
  const forest::Parameters& p = model.parameters;
  const datasets::Schema& schema = model.schema;
  const auto& memory = info.memory_bytes;
  Print(fmt::format("Store {}\n", where.name()));
  Rows rows = {
      {"root", info.root.ToHex()},
      {"data", schema.name},
      {"records", fmt::format("{} live, {} of them with a known data subject", Thousands(info.records),
                              Thousands(info.with_subject))},
      {"forgotten", fmt::format("{}, {} of them not yet erased from the disk", Count(info.forgotten, "record"),
                                Thousands(info.pending_erasures))},
      {"features", Thousands(schema.features.size())},
      {"classes", Thousands(schema.classes.size())},
      {"trees", fmt::format("{}; each record is in {} of them", p.trees, p.occupancy)},
      {"growing",
       fmt::format("max depth {}, min split {}, min leaf {}, max features {}, thresholds {}", p.max_depth, p.min_split,
                   p.min_leaf, p.max_features == 0 ? "all" : std::to_string(p.max_features), p.thresholds)},
      {"leaves", fmt::format("smoothing {}", p.smoothing)},
      {"seed", std::to_string(p.seed)},
      {"memory", fmt::format("{}: records {}, forest {}, prediction layout {}, allocator {}", Bytes(memory.at("total")),
                             Bytes(memory.at("records")), Bytes(memory.at("forest")), Bytes(memory.at("layout")),
                             Bytes(memory.at("allocator")))}};
  std::string parts;
  std::uint64_t total = 0;
  for (const auto& [name, bytes] : info.disk_bytes) {
    if (name == "total") {
      total = bytes;
    } else {
      parts += fmt::format("{}{} {}", parts.empty() ? ": " : ", ", name, Bytes(bytes));
    }
  }
  rows.emplace_back("disk", Bytes(total) + parts);
  std::string tables;
  for (const auto& [name, bytes] : info.table_bytes)
    tables += fmt::format("{}{} {}", tables.empty() ? "" : ", ", name, Bytes(bytes));
  rows.emplace_back("tables", tables);
  const auto age = info.checkpoint_age_s;
  rows.emplace_back("checkpoint", age ? fmt::format("{:.0f} s ago", *age) : "never");
  rows.emplace_back("updates", Thousands(info.sequence));
  const storage::BackgroundInfo& background = info.background;
  rows.emplace_back("hedges", fmt::format("{}, {}; {} taken since the store was opened", Thousands(background.hedges),
                                          Bytes(background.hedge_bytes), Thousands(background.hedge_hits)));
  rows.emplace_back("quarantine", fmt::format("{}, {:.2g} % of the votes", Count(background.queued, "place"),
                                              100 * background.quarantined_share));
  Print(Align(rows));
  if (info.surveyed_through != info.sequence) {
    Print(fmt::format("\nUpdates went on: what follows was found tree by tree, until update {}.\n",
                      Thousands(info.surveyed_through)));
  }
  Print(MemoryText(info));
  Print(HistogramText(info.robustness));
}

int RunInfo(const GlobalOptions& global, const Where& where) {
  auto opened = OpenAccess(where, storage::OpenMode::kRead);
  if (!opened) return Fail(global, opened.error());
  const auto found = (*opened)->Describe();
  if (!found) return Fail(global, found.error());
  const storage::StoreInfo& info = *found;
  const server::Model& model = (*opened)->model();
  if (!global.json) {
    PrintText(where, model, info);
    return FinishOutput(global, kDone);
  }
  Json parts = Json::object();
  for (const auto& [name, part] : info.memory_parts) parts[name] = {{"count", part.count}, {"bytes", part.bytes}};
  PrintJson({{"root", info.root.ToHex()},
             {"records", info.records},
             {"trees", model.parameters.trees},
             {"classes", model.schema.classes},
             {"parameters", ToJson(model.parameters)},
             {"memory_bytes", info.memory_bytes},
             {"memory_parts", parts},
             {"robustness", info.robustness},
             {"surveyed_through", info.surveyed_through},
             {"hedges", info.background.hedges},
             {"hedge_bytes", info.background.hedge_bytes},
             {"hedge_hits", info.background.hedge_hits},
             {"queued", info.background.queued},
             {"quarantined_share", info.background.quarantined_share},
             {"pending_erasures", info.pending_erasures},
             {"checkpoint_age_s", info.checkpoint_age_s ? Json(*info.checkpoint_age_s) : Json(nullptr)},
             {"sequence", info.sequence},
             {"disk_bytes", info.disk_bytes},
             {"table_bytes", info.table_bytes},
             {"features", model.width()},
             {"name", model.schema.name},
             {"forgotten", info.forgotten},
             {"with_subject", info.with_subject}});
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupInfo(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<Where>();
  AddWhere(app, *options);
  AddJson(app, global);
  AddExamples(app, {"hedgerow info --store shop", "hedgerow info --store shop --json"});
  return [options, &global] { return RunInfo(global, *options); };
}

}  // namespace hedgerow::cli
