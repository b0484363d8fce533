// hedgerow audit show: all that the log tells of a request, or one entry as it is.
#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/format.h"
#include "cli/options.h"

namespace hedgerow::cli {
namespace {

struct ShowOptions {
  Where where;
  std::string id;
};

Result<std::vector<std::uint64_t>> Find(const OpenedLog& log, const ShowOptions& options) {
  if (const auto index = datasets::ParseUnsigned(options.id)) {
    if (*index < log.files.size()) return std::vector<std::uint64_t>{*index};
    return Error{ErrorCode::kUnknownRecord, fmt::format("the log has {} entries", log.files.size()),
                 options.where.name(), "entries count from 0"};
  }
  auto found = log.EntriesOf(options.id);
  if (!found || !found->empty()) return found;
  return Error{ErrorCode::kUnknownRecord, "no such request is in the signed part of the log", options.where.name(),
               "check the id; what was asked a moment ago is signed within a second"};
}

int RunShow(const GlobalOptions& global, const ShowOptions& options) {
  const auto log = OpenLog(options.where);
  if (!log) return Fail(global, log.error());
  const storage::LogFiles& files = log->files;
  const auto found = Find(*log, options);
  if (!found) return Fail(global, found.error());
  Json entries = Json::array();
  std::string text;
  for (const std::uint64_t index : *found) {
    const auto bytes = files.Entry(index);
    if (!bytes) return Fail(global, bytes.error());
    const auto entry = storage::DecodeLogEntry(*bytes);
    entries.push_back(entry ? ToJson(index, *entry) : Json({{"index", index}}));
    text += fmt::format("{}entry {} of {}\n{}", text.empty() ? "" : "\n", index, files.size(), *bytes);
  }
  if (global.json) {
    PrintJson({{"origin", files.checkpoint().origin}, {"size", files.size()}, {"entries", entries}});
  } else {
    Print(text);
  }
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupAuditShow(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<ShowOptions>();
  AddLog(app, options->where);
  app.add_option("id", options->id, "Id of a request, or the number of an entry")->required()->type_name("ID");
  AddJson(app, global);
  AddExamples(app, {"hedgerow audit show --store shop 8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11",
                    "hedgerow audit show --store shop 0"});
  return [options, &global] { return RunShow(global, *options); };
}

}  // namespace hedgerow::cli
