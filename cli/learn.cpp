// hedgerow learn: adds records to the model.
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

struct LearnOptions {
  Where where;
  std::string data;
  ColumnOptions columns;
  RequestOptions request;
};

int FailKnown(const GlobalOptions& global, const LearnOptions& options, const datasets::Table& table,
              const std::vector<datasets::RecordId>& known) {
  return Fail(global,
              {ErrorCode::kBadInput,
               fmt::format("{} of {} {} already in this store", known.size(), Count(table.size(), "record"),
                           known.size() == 1 ? "is" : "are"),
               fmt::format("{}, record {}", options.data, PositionsIn(table, known)),
               "nothing was changed; records are replaced with hedgerow correct"},
              {{"known", known}});
}

int RunLearn(const GlobalOptions& global, const LearnOptions& options) {
  auto opened = OpenAccess(options.where, storage::OpenMode::kWrite);
  if (!opened) return Fail(global, opened.error());
  const auto executor = MakeExecutor(options.where.store.threads);
  const auto table = ReadForUpdate((*opened)->model(), Purpose::kLearn, options.data, options.columns, *executor);
  if (!table) return Fail(global, table.error());
  const auto outcome = (*opened)->Learn(*table, ToUpdateOptions(options.request));
  if (!outcome) {
    const std::vector<datasets::RecordId> known = (*opened)->Known(*table);
    if (outcome.error().code == ErrorCode::kBadInput && !known.empty())
      return FailKnown(global, options, *table, known);
    return Fail(global, outcome.error());
  }
  return FinishUpdate(global, **opened, *outcome, {.verb = "Learned"}, options.request);
}

}  // namespace

Run SetupLearn(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<LearnOptions>();
  AddWhere(app, options->where);
  app.add_option("--data", options->data, "CSV file with new records: ids, features, label; - for standard input")
      ->required()
      ->type_name("FILE.csv");
  AddColumns(app, options->columns);
  AddRequest(app, options->request, storage::Stage::kDurable);
  AddJson(app, global);
  AddExamples(app, {"hedgerow learn --store shop --data new-customers.csv"});
  return [options, &global] { return RunLearn(global, *options); };
}

}  // namespace hedgerow::cli
