// hedgerow correct: replaces records by corrected ones of the same ids (GDPR Art. 16).
#include <fmt/format.h>

#include <memory>
#include <vector>

#include "cli/connect.h"
#include "cli/data.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/update_report.h"
#include "cli/verbs.h"

namespace hedgerow::cli {
namespace {

struct CorrectOptions {
  Where where;
  std::string data;
  ColumnOptions columns;
  RequestOptions request;
};

int FailUnknown(const GlobalOptions& global, const CorrectOptions& options, const datasets::Table& table,
                const std::vector<datasets::RecordId>& ids) {
  return Fail(global,
              {ErrorCode::kUnknownRecord,
               fmt::format("{} of {} {} not in this store", ids.size(), Count(table.size(), "record"),
                           ids.size() == 1 ? "is" : "are"),
               fmt::format("{}, record {}", options.data, PositionsIn(table, ids)),
               "nothing was changed; new records are learned with hedgerow learn"},
              {{"unknown", ids}});
}

int RunCorrect(const GlobalOptions& global, const CorrectOptions& options) {
  auto opened = OpenAccess(options.where, storage::OpenMode::kWrite);
  if (!opened) return Fail(global, opened.error());
  const auto executor = MakeExecutor(options.where.store.threads);
  const auto table = ReadForUpdate((*opened)->model(), Purpose::kCorrect, options.data, options.columns, *executor);
  if (!table) return Fail(global, table.error());
  const auto outcome = (*opened)->Correct(*table, ToUpdateOptions(options.request));
  if (!outcome) return Fail(global, outcome.error());
  // A record that was forgotten cannot be corrected either.
  if (!outcome->unknown.empty()) return FailUnknown(global, options, *table, outcome->unknown);
  return FinishUpdate(global, **opened, *outcome, {.verb = "Corrected"}, options.request);
}

}  // namespace

Run SetupCorrect(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<CorrectOptions>();
  AddWhere(app, options->where);
  app.add_option("--data", options->data,
                 "CSV file with the corrected records, whole, under their ids; - for standard input")
      ->required()
      ->type_name("FILE.csv");
  AddColumns(app, options->columns);
  AddRequest(app, options->request, storage::Stage::kErased);
  AddJson(app, global);
  AddExamples(app, {"hedgerow correct --store shop --data corrected.csv"});
  return [options, &global] { return RunCorrect(global, *options); };
}

}  // namespace hedgerow::cli
