// hedgerow schema infer: what the columns of a CSV file seem to be.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "cli/format.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "datasets/infer.h"

namespace hedgerow::cli {
namespace {

struct SchemaOptions {
  std::string file;
  std::string out = "-";
  datasets::InferOptions infer;
};

// "9 features (7 numeric), label 'label' with 2 classes, ids in 'id', no subjects".
std::string Summary(const datasets::Schema& schema) {
  const auto numeric = std::count_if(schema.features.begin(), schema.features.end(), [](const auto& feature) {
    return feature.type == datasets::FeatureType::kNumeric;
  });
  return fmt::format("{} ({} numeric), label '{}' with {} classes, {}, {}", Count(schema.features.size(), "feature"),
                     numeric, schema.label, schema.classes.size(),
                     schema.id.empty() ? "no ids" : "ids in '" + schema.id + "'",
                     schema.subject.empty() ? "no subjects" : "subjects in '" + schema.subject + "'");
}

int Infer(const GlobalOptions& global, const SchemaOptions& options) {
  Result<datasets::Inferred> inferred = [&] {
    Progress progress("reading " + options.file);
    return datasets::InferSchema(options.file, options.infer,
                                 [&](std::uint64_t bytes, std::uint64_t total) { progress.Update(bytes, total); });
  }();
  if (!inferred) return Fail(global, inferred.error());
  const std::string text = datasets::ToJson(*inferred);
  if (options.out != "-") {
    std::ofstream file(options.out, std::ios::binary);
    if (!(file << text && file.flush())) {
      return Fail(global, {ErrorCode::kIo, "the schema could not be written", options.out, "check the folder"});
    }
  }
  if (global.json) {
    PrintJson(Json::parse(text));
  } else if (options.out == "-") {
    Print(text);
  }
  Note(global, fmt::format("{}: {}; check types and classes before you train", Count(inferred->records, "record"),
                           Summary(inferred->schema)));
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupSchema(CLI::App& app, GlobalOptions& global) {
  app.require_subcommand(1);
  AddExamples(app, {"hedgerow schema infer people.csv --out people.schema.json"});
  CLI::App& infer = *app.add_subcommand("infer", "Guess the schema of a CSV file: types, classes, missing values");
  auto options = std::make_shared<SchemaOptions>();
  infer.add_option("file", options->file, "CSV file with a header line; - for standard input")
      ->required()
      ->type_name("FILE.csv");
  infer
      .add_option("--label", options->infer.label,
                  "Column with the class; default: label, class, target or y, else the last")
      ->type_name("COL");
  infer.add_option("--id", options->infer.id, "Column with the record ids; default: id, if there is one")
      ->type_name("COL");
  infer
      .add_option(
          "--subject", options->infer.subject,
          "Column that says to which person a record belongs; default: subject, person, subject_id or person_id")
      ->type_name("COL");
  infer.add_option("--name", options->infer.name, "Name of the data; default: the file's")->type_name("NAME");
  infer.add_option("--out", options->out, "File for the schema; -: standard output")
      ->type_name("FILE.json")
      ->capture_default_str();
  AddJson(infer, global);
  AddExamples(infer, {"hedgerow schema infer people.csv --label income > people.schema.json"});
  return [options, &global] { return Infer(global, *options); };
}

}  // namespace hedgerow::cli
