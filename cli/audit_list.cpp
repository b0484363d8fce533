// hedgerow audit list: the entries of the log, filtered, as a table, CSV or JSON lines.
#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/format.h"
#include "cli/options.h"

namespace hedgerow::cli {
namespace {

struct ListOptions {
  Where where;
  std::string type, stage, ground, kind;
  PeriodOptions period;
  bool csv = false;
};

constexpr const char* kColumns[] = {"index",  "time", "type",    "stage",    "kind",
                                    "ground", "role", "records", "sequence", "request"};

bool Fits(const ListOptions& options, const storage::LogEntry& entry) {
  const auto equal = [](const std::string& wanted, std::string_view value) {
    return wanted.empty() || wanted == value;
  };
  return options.period.Holds(entry.Get("time")) && equal(options.type, storage::NameOf(entry.type)) &&
         equal(options.stage, entry.Get("stage")) && equal(options.ground, entry.Get("ground")) &&
         equal(options.kind, entry.Get("kind"));
}

std::vector<std::string> Values(std::uint64_t index, const storage::LogEntry& entry) {
  std::vector<std::string> values = {std::to_string(index), std::string(entry.Get("time")),
                                     std::string(storage::NameOf(entry.type))};
  for (std::size_t i = 3; i < std::size(kColumns); ++i) values.emplace_back(entry.Get(kColumns[i]));
  return values;
}

void PrintLine(const std::vector<std::string>& values, bool csv) {
  // No value has a comma, a quote or a blank: see the grammar of entries.
  if (csv) return Print(fmt::format("{}\n", fmt::join(values, ",")));
  Print(fmt::format("{:>7}  {:27}  {:8}  {:9}  {:7}  {:9}  {:12}  {:>7}  {:>8}  {}\n", values[0], values[1], values[2],
                    values[3], values[4], values[5], values[6], values[7], values[8], values[9]));
}

int RunList(const GlobalOptions& global, const ListOptions& options) {
  const auto log = OpenLog(options.where);
  if (!log) return Fail(global, log.error());
  if (!global.json) PrintLine({std::begin(kColumns), std::end(kColumns)}, options.csv);
  const Status status = ForEachEntry(log->files, [&](std::uint64_t index, const storage::LogEntry& entry) {
    if (!Fits(options, entry)) return;
    global.json ? PrintJson(ToJson(index, entry)) : PrintLine(Values(index, entry), options.csv);
  });
  if (!status) return Fail(global, status.error());
  return FinishOutput(global, kDone);
}

CLI::Option* AddChoice(CLI::App& app, const std::string& name, std::string& variable, const std::string& help,
                       const std::vector<std::string>& choices) {
  return app.add_option(name, variable, fmt::format("{}: {}", help, fmt::join(choices, ", ")))
      ->check([choices](const std::string& text) {
        const bool known = std::find(choices.begin(), choices.end(), text) != choices.end();
        return known ? std::string() : fmt::format("must be one of {}", fmt::join(choices, ", "));
      })
      ->type_name("NAME");
}

}  // namespace

Run SetupAuditList(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<ListOptions>();
  AddLog(app, options->where);
  AddPeriod(app, options->period);
  AddChoice(app, "--type", options->type, "Entries of this type", {"start", "update", "verified", "key", "restored"});
  AddChoice(app, "--stage", options->stage, "Entries of this stage", {"unlearned", "exact", "erased"});
  AddChoice(app, "--kind", options->kind, "Entries of such requests", {"forget", "learn", "correct"});
  AddChoice(app, "--ground", options->ground, "Entries of requests on this ground",
            {"none", "art17-1-a", "art17-1-b", "art17-1-c", "art17-1-d", "art17-1-e", "art17-1-f"});
  app.add_flag("--csv", options->csv, "CSV instead of a table");
  AddJson(app, global);
  AddExamples(app, {"hedgerow audit list --store shop --stage erased --from 2026-11-01",
                    "hedgerow audit list --store shop --ground art17-1-b --csv"});
  return [options, &global] { return RunList(global, *options); };
}

}  // namespace hedgerow::cli
