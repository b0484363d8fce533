// hedgerow synthesize: made-up people, to try everything without anyone's data.
#include <fmt/format.h>

#include <fstream>
#include <memory>

#include "cli/format.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "datasets/people.h"

namespace hedgerow::cli {
namespace {

constexpr std::uint32_t kMinPeopleFeatures = 12;
constexpr std::uint64_t kMaxPeopleRecords = 1'000'000'000;

struct SynthesizeOptions {
  std::string out, schema;
  datasets::PeopleOptions people;
};

int RunSynthesize(const GlobalOptions& global, const SynthesizeOptions& options) {
  if (Status status = datasets::WritePeople(options.people, options.out); !status) return Fail(global, status.error());
  std::ofstream file(options.schema, std::ios::binary);
  if (!(file << datasets::ToJson(datasets::PeopleSchema(options.people)) && file.flush())) {
    return Fail(global, {ErrorCode::kIo, "the schema could not be written", options.schema, "check the folder"});
  }
  if (global.json) {
    PrintJson({{"records", options.people.records},
               {"features", options.people.features},
               {"classes", options.people.classes},
               {"seed", options.people.seed},
               {"data", options.out},
               {"schema", options.schema}});
  } else {
    Print(fmt::format("Wrote {} of made-up people to {}, and their schema to {}.\n",
                      Count(options.people.records, "record"), options.out, options.schema));
  }
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupSynthesize(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<SynthesizeOptions>();
  app.add_option("--out", options->out, "CSV file to write")->required()->type_name("FILE.csv");
  app.add_option("--schema", options->schema, "Schema file to write")->required()->type_name("FILE.json");
  AddNumber(app, "--records", options->people.records, "Records", {1, kMaxPeopleRecords});
  AddNumber(app, "--features", options->people.features, "Features", {kMinPeopleFeatures, datasets::kMaxFeatures});
  AddNumber(app, "--classes", options->people.classes, "Classes", {2, datasets::kMaxClasses});
  AddNumber(app, "--seed", options->people.seed, "Seed: the same seed makes the same people", {});
  AddJson(app, global);
  AddExamples(app, {"hedgerow synthesize --out people.csv --schema people.schema.json --records 20000"});
  return [options, &global] { return RunSynthesize(global, *options); };
}

}  // namespace hedgerow::cli
