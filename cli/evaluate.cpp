// hedgerow evaluate: how good the forest is on records whose class is known.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/connect.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/scoring.h"
#include "cli/verbs.h"

namespace hedgerow::cli {
namespace {

// A wider matrix would be no help on a screen; --json has all of it.
constexpr std::size_t kClassesShown = 12;

struct EvaluateOptions {
  Where where;
  std::string data, id;
};

std::string Confusion(const forest::Metrics& metrics, const std::vector<std::string>& classes) {
  if (classes.size() > kClassesShown) {
    return fmt::format("  The confusion matrix of {} classes is part of --json.\n", classes.size());
  }
  std::size_t width = 8, first = 4;
  for (const std::uint64_t cell : metrics.confusion) width = std::max(width, Thousands(cell).size());
  for (const std::string& name : classes) {
    width = std::max(width, name.size());
    first = std::max(first, name.size());
  }
  std::string text = fmt::format(
      "\n  Confusion matrix: a row for each true class, a column for each predicted one.\n\n  {:<{}}", "", first);
  for (const std::string& name : classes) text += fmt::format("  {:>{}}", name, width);
  text += "\n";
  for (std::size_t y = 0; y < classes.size(); ++y) {
    text += fmt::format("  {:<{}}", classes[y], first);
    for (std::size_t x = 0; x < classes.size(); ++x) {
      text += fmt::format("  {:>{}}", Thousands(metrics.confusion[y * classes.size() + x]), width);
    }
    text += "\n";
  }
  return text;
}

int RunEvaluate(const GlobalOptions& global, const EvaluateOptions& options) {
  auto opened = OpenAccess(options.where, storage::OpenMode::kRead);
  if (!opened) return Fail(global, opened.error());
  const datasets::Schema& schema = (*opened)->model().schema;
  const auto metrics = Score(
      (*opened)->model(),
      [&](const datasets::Cell* rows, std::size_t count, double* to) { return (*opened)->Predict(rows, count, to); },
      options.data, options.id);
  if (!metrics) return Fail(global, metrics.error());
  const std::vector<std::string>& classes = schema.classes;
  if (global.json) {
    PrintJson(ToJson(*metrics, schema));
    return FinishOutput(global, kDone);
  }
  const std::string meaning =
      classes.size() == 2 ? fmt::format("of class '{}'", classes[1]) : "mean over the classes, each against the rest";
  Print(fmt::format("Evaluated on {}.\n", Count(metrics->records, "record")));
  Print(Align({{"accuracy", fmt::format("{:.4f}", metrics->accuracy)},
               {"AUC", metrics->auc ? fmt::format("{:.4f}  ({})", *metrics->auc, meaning)
                                    : "undefined: all records are of one class"},
               {"log loss", fmt::format("{:.4f}", metrics->log_loss)}}));
  Print(Confusion(*metrics, classes));
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupEvaluate(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<EvaluateOptions>();
  AddWhere(app, options->where);
  app.add_option("--data", options->data, "CSV file with features and label; - for standard input")
      ->required()
      ->type_name("FILE.csv");
  app.add_option("--id", options->id, "Column with the record ids; default: the schema's")->type_name("COL");
  AddJson(app, global);
  AddExamples(
      app, {"hedgerow evaluate --store shop --data test.csv", "hedgerow evaluate --store shop --data test.csv --json"});
  return [options, &global] { return RunEvaluate(global, *options); };
}

}  // namespace hedgerow::cli
