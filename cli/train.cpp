// hedgerow train: from a CSV file to a store with a forest.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "cli/format.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/training.h"
#include "cli/verbs.h"
#include "datasets/infer.h"

namespace hedgerow::cli {
namespace {

struct TrainOptions {
  StoreOptions store;
  std::string data, schema, label;
  ColumnOptions columns;
  forest::Parameters parameters;
  storage::LogOptions log{.name = storage::LogOptions().name, .key = LogKeyFromEnvironment()};
};

Result<datasets::Schema> GetSchema(const GlobalOptions& global, const TrainOptions& options) {
  if (!options.schema.empty()) return datasets::LoadSchema(options.schema);
  if (options.data == "-") {
    return Error{ErrorCode::kUsage, "standard input can be read only once", "--data -",
                 "give the schema with --schema (hedgerow schema infer makes one)"};
  }
  datasets::InferOptions infer;
  infer.label = options.label;
  infer.id = options.columns.id;
  infer.subject = options.columns.subject;
  auto inferred = [&] {
    Progress progress("looking at " + options.data);
    return datasets::InferSchema(options.data, infer,
                                 [&](std::uint64_t bytes, std::uint64_t total) { progress.Update(bytes, total); });
  }();
  if (!inferred) return inferred.error();
  Note(global, fmt::format("no --schema: inferred from the data: {}, label '{}' with {} classes",
                           Count(inferred->schema.features.size(), "feature"), inferred->schema.label,
                           inferred->schema.classes.size()));
  return std::move(inferred->schema);
}

void Report(const GlobalOptions& global, const TrainOptions& options, const Trained& trained) {
  const std::string root = trained.store->Root().ToHex();
  const forest::Parameters& parameters = trained.store->model().forest().parameters();
  const double seconds = trained.seconds();
  const datasets::Schema& schema = trained.schema;
  if (global.json) {
    PrintJson({{"records", trained.records},
               {"root", root},
               {"seconds", seconds},
               {"read_seconds", trained.read_seconds},
               {"grow_seconds", trained.grow_seconds},
               {"write_seconds", trained.write_seconds},
               {"trees", parameters.trees},
               {"occupancy", parameters.occupancy},
               {"features", schema.features.size()},
               {"classes", schema.classes},
               {"id", schema.id},
               {"with_subject", trained.store->subjects()},
               {"schema_inferred", options.schema.empty()}});
    return;
  }
  Print(fmt::format("Trained {} on {} in {:.1f} s.\n", Count(parameters.trees, "tree"),
                    Count(trained.records, "record"), seconds));
  Print(Align({{"store", options.store.directory},
               {"data", fmt::format("{}, {} classes", Count(schema.features.size(), "feature"), schema.classes.size())},
               {"record ids", schema.id.empty() ? "numbered from 1 (no id column)" : "column '" + schema.id + "'"},
               {"data subjects", fmt::format("{} with a known subject", Count(trained.store->subjects(), "record"))},
               {"occupancy", fmt::format("each record is in {} of {} trees", parameters.occupancy, parameters.trees)},
               {"time", fmt::format("reading {:.1f} s, growing {:.1f} s, writing {:.1f} s", trained.read_seconds,
                                    trained.grow_seconds, trained.write_seconds)},
               {"root", root}}));
}

int RunTrain(const GlobalOptions& global, const TrainOptions& options) {
  if (Status status = forest::Validate(options.parameters); !status) return Fail(global, status.error());
  if (Status status = CheckNewDirectory(options.store.directory); !status) return Fail(global, status.error());
  auto schema_or_error = GetSchema(global, options);
  if (!schema_or_error) return Fail(global, schema_or_error.error());
  const auto executor = MakeExecutor(options.store.threads);
  auto trained = Train({.directory = options.store.directory,
                        .data = options.data,
                        .schema = std::move(*schema_or_error),
                        .columns = options.columns,
                        .parameters = options.parameters,
                        .log = options.log},
                       *executor);
  if (!trained) return Fail(global, trained.error());
  Report(global, options, *trained);
  return FinishOutput(global, kDone);
}

// A number that is chosen at training unless it is given: 0 or auto.
void AddAuto(CLI::App& app, const std::string& name, std::uint32_t& variable, const std::string& help,
             const Range& range) {
  app.add_option_function<std::string>(
         name,
         [&variable](const std::string& text) {
           variable = text == "auto" ? 0 : static_cast<std::uint32_t>(*datasets::ParseUnsigned(text));
         },
         help)
      ->check([range](const std::string& text) {
        return text == "auto" || text == "0" ? std::string() : CheckNumber(text, range);
      })
      ->type_name("N|auto")
      ->default_str("auto");
}

void AddParameters(CLI::App& app, forest::Parameters& p) {
  constexpr std::uint64_t kMax32 = 4294967295;
  AddNumber(app, "--trees", p.trees, "Trees", {1, forest::kMaxTrees});
  AddAuto(app, "--occupancy", p.occupancy,
          "Trees that hold one record: fewer make forgetting faster; auto: by the number of records",
          {1, forest::kMaxTrees});
  AddNumber(app, "--max-depth", p.max_depth, "Depth of the trees; the root's is 0", {0, forest::kMaxDepth});
  AddAuto(app, "--min-split", p.min_split, "A node with fewer records is a leaf; auto: by the records a class",
          {2, kMax32});
  AddNumber(app, "--min-leaf", p.min_leaf, "Records that each side of a split must have", {1, kMax32});
  AddNumber(app, "--max-features", p.max_features, "Features that a node tries; 0: all", {0, datasets::kMaxFeatures});
  AddNumber(app, "--thresholds", p.thresholds, "Thresholds that a node tries for a feature",
            {1, forest::kMaxThresholds});
  app.add_option("--smoothing", p.smoothing, "Records' worth of even odds in each leaf, 0 to 1000")
      ->type_name("X")
      ->capture_default_str();
  AddNumber(app, "--seed", p.seed, "Seed: with the records and parameters it determines the model", {});
}

}  // namespace

Run SetupTrain(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<TrainOptions>();
  AddStore(app, options->store);
  app.add_option("--data", options->data, "CSV file with the records; - for standard input")
      ->required()
      ->type_name("FILE.csv");
  CLI::Option* schema =
      app.add_option("--schema", options->schema, "Schema of the data; default: inferred from the data")
          ->type_name("FILE.json");
  app.add_option("--label", options->label, "Column with the class, where the schema is inferred")
      ->type_name("COL")
      ->excludes(schema);
  AddColumns(app, options->columns);
  AddParameters(app, options->parameters);
  app.add_option("--log-name", options->log.name,
                 "What the name of the store's log begins with, such as example.com/shop; random digits follow")
      ->check([](const std::string& name) {
        const bool good = storage::ValidKeyName(name) && name.size() <= 100;
        return good ? "" : "must be 1 to 100 printable characters without blanks and '+'";
      })
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--log-key", options->log.key,
                 "Where to write the secret key that signs the log; default: log.key in the store's directory")
      ->type_name("FILE");
  AddJson(app, global);
  AddExamples(app, {"hedgerow train --store shop --data people.csv --schema people.schema.json",
                    "hedgerow train --store shop --data people.csv --label income --id id --subject person",
                    "hedgerow train --store shop --data people.csv --trees 200 --occupancy 20 --seed 7"});
  return [options, &global] { return RunTrain(global, *options); };
}

}  // namespace hedgerow::cli
