// hedgerow predict: a probability for each class, record by record.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>

#include "cli/connect.h"
#include "cli/data.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "datasets/csv_writer.h"

namespace hedgerow::cli {
namespace {

struct PredictOptions {
  Where where;
  std::string data, id;
  std::string out = "-";
  bool class_only = false;
};

void WriteHeader(const datasets::Schema& schema, bool class_only, datasets::CsvWriter& writer) {
  writer.Field(std::string_view("id"));
  if (!class_only) {
    for (const std::string& name : schema.classes) writer.Field(std::string_view("p_" + name));
  }
  writer.Field(std::string_view("predicted"));
  writer.EndRecord();
}

// What is told of a batch: probabilities, or only classes.
struct Answers {
  std::vector<double> probabilities;
  std::vector<datasets::ClassCode> classes;
};

Status Ask(StoreAccess& store, const datasets::Table& table, bool class_only, Answers& answers) {
  if (class_only) {
    answers.classes.resize(table.size());
    return store.PredictClasses(table.cells.data(), table.size(), answers.classes.data());
  }
  answers.probabilities.resize(table.size() * store.model().classes());
  return store.Predict(table.cells.data(), table.size(), answers.probabilities.data());
}

void WriteBatch(const datasets::Schema& schema, const datasets::Table& table, bool class_only, const Answers& answers,
                datasets::CsvWriter& writer) {
  const std::size_t classes = schema.classes.size();
  for (std::size_t i = 0; i < table.size(); ++i) {
    writer.Field(table.ids[i]);
    datasets::ClassCode predicted = 0;
    if (class_only) {
      predicted = answers.classes[i];
    } else {
      const std::span<const double> row(answers.probabilities.data() + i * classes, classes);
      for (const double probability : row) writer.Field(probability);
      predicted = forest::MostProbable(row);
    }
    writer.Field(std::string_view(schema.classes[predicted]));
    writer.EndRecord();
  }
}

// The number of records.
Result<std::uint64_t> Predict(const PredictOptions& options, StoreAccess& store) {
  const server::Model& model = store.model();
  auto source = OpenSource(model.schema, {.path = options.data,
                                          .purpose = Purpose::kPredict,
                                          .columns = {.id = options.id, .subject = "", .subjects_file = ""},
                                          .key = model.key});
  if (!source) return source.error();
  auto writer = datasets::CsvWriter::Open(options.out);
  if (!writer) return writer.error();
  WriteHeader(model.schema, options.class_only, *writer);
  Progress progress("predicting");
  datasets::Table table;
  table.width = model.width();
  Answers answers;
  std::uint64_t records = 0;
  while (true) {
    Clear(table);
    const Result<std::size_t> read = source->reader->Read(table, kBatch);
    if (!read) return read.error();
    if (*read == 0) break;
    if (Status status = Ask(store, table, options.class_only, answers); !status) return status.error();
    WriteBatch(model.schema, table, options.class_only, answers, *writer);
    records += table.size();
    progress.Update(source->reader->csv().bytes_read(), source->reader->csv().bytes_total());
  }
  if (Status status = writer->Close(); !status) return status.error();
  return records;
}

int RunPredict(const GlobalOptions& global, const PredictOptions& options) {
  if (global.json && options.out == "-") {
    return Fail(global, {ErrorCode::kUsage, "predictions and the JSON object would both go to standard output",
                         "--json", "name a file for the predictions with --out FILE.csv"});
  }
  auto opened = OpenAccess(options.where, storage::OpenMode::kRead);
  if (!opened) return Fail(global, opened.error());
  const auto start = std::chrono::steady_clock::now();
  const Result<std::uint64_t> records = Predict(options, **opened);
  if (!records) return Fail(global, records.error());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (global.json) {
    PrintJson({{"records", *records}, {"seconds", seconds}, {"out", options.out}});
  } else if (options.out != "-") {
    Print(fmt::format("Predicted {} in {:.2f} s: {}\n", Count(*records, "record"), seconds, options.out));
  }
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupPredict(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<PredictOptions>();
  AddWhere(app, options->where);
  app.add_option("--data", options->data, "CSV file with the features, and ids if there are any; - for standard input")
      ->required()
      ->type_name("FILE.csv");
  app.add_option("--id", options->id,
                 "Column with the record ids; default: the schema's; without one: the record's number")
      ->type_name("COL");
  app.add_option("--out", options->out, "CSV file for id, p_CLASS for each class, predicted; -: standard output")
      ->type_name("FILE.csv")
      ->capture_default_str();
  app.add_flag("--class-only", options->class_only,
               "Only id and predicted: the same classes, from as many trees as it takes to decide each");
  AddJson(app, global);
  AddExamples(app, {"hedgerow predict --store shop --data new.csv",
                    "hedgerow predict --store shop --data new.csv --out predictions.csv --json",
                    "hedgerow predict --store shop --data new.csv --out classes.csv --class-only"});
  return [options, &global] { return RunPredict(global, *options); };
}

}  // namespace hedgerow::cli
