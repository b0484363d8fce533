// hedgerow status: how far a request has come.
#include <fmt/format.h>

#include <memory>

#include "cli/connect.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "storage/backup.h"
#include "storage/request_status.h"

namespace hedgerow::cli {
namespace {

struct StatusOptions {
  Where where;
  std::string request;
};

Result<std::optional<storage::RequestStatus>> Find(const StatusOptions& options) {
  if (options.where.remote()) {
    const auto client = ConnectTo(options.where);
    if (!client) return client.error();
    return (*client)->StatusOf(options.request);
  }
  return storage::StatusOf(options.where.store.directory, options.request);
}

int RunStatus(const GlobalOptions& global, const StatusOptions& options) {
  const auto status = Find(options);
  if (!status) return Fail(global, status.error());
  if (!*status) {
    return Fail(global, {ErrorCode::kUnknownRecord, "no such request was carried out here", options.where.name(),
                         "nothing was changed for it; make it again, with the same id"});
  }
  const storage::RequestStatus& request = **status;
  const std::string stage(storage::NameOf(request.stage));
  const auto letter = static_cast<char>('a' + static_cast<int>(request.ground) - 1);
  const std::string ground = request.ground == storage::Ground::kNone ? "" : fmt::format("art17-1-{}", letter);
  if (global.json) {
    PrintJson({{"request_id", options.request},
               {"kind", std::string(storage::NameOf(request.kind))},
               {"stage", stage},
               {"records", request.records},
               {"ground", ground.empty() ? Json(nullptr) : Json(ground)},
               {"time", storage::UtcTime(request.time_us)},
               {"sequence", request.sequence}});
    return FinishOutput(global, kDone);
  }
  Rows rows = {{"request", options.request},
               {"kind", std::string(storage::NameOf(request.kind))},
               {"stage", stage},
               {"records", Thousands(request.records)}};
  if (!ground.empty()) rows.emplace_back("ground", ground);
  rows.emplace_back("time", storage::UtcTime(request.time_us));
  rows.emplace_back("update", Thousands(request.sequence));
  Print(Align(rows));
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupStatus(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<StatusOptions>();
  AddWhere(app, options->where);
  AddRequestId(app.add_option("request", options->request, "Id of the request: of --request-id, or as it was printed")
                   ->required());
  AddJson(app, global);
  AddExamples(app, {"hedgerow status --store shop 8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11"});
  return [options, &global] { return RunStatus(global, *options); };
}

}  // namespace hedgerow::cli
