// One path of the code at a time, for a tool that counts instructions (bench/instructions.py).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <random>

#include "bench/data.h"
#include "bench/require.h"
#include "unlearn/model.h"

// Only what happens in here is counted. With C linkage, so that its name is what the tool is told.
extern "C" [[gnu::noinline]] void CountedWork(const std::function<void()>& work) {
  work();
  asm volatile("" ::: "memory");  // the call is no last one, so it has to come back here
}

namespace hedgerow::bench {
namespace {

constexpr std::size_t kUpdates = 300;

int Run(int argc, char** argv) {
  CLI::App app("Runs one path; 'operations' are what was done inside of CountedWork");
  std::string path, name = "people:20000x14";
  forest::Parameters parameters{.occupancy = 10};
  app.add_option("path", path)->required()->check(CLI::IsMember({"train", "predict", "batch", "forget", "learn"}));
  app.add_option("--data", name, "data set, or people:RECORDSxFEATURES")->capture_default_str();
  app.add_option("--occupancy", parameters.occupancy, "trees a record, 0: the default")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const Data data = LoadData(name, parameters.seed);
  const auto executor = forest::MakeSerialExecutor();
  const auto train = [&] { return Get(unlearn::Model::Train(parameters, data.schema, data.train, *executor)); };
  std::size_t operations = 1;
  if (path == "train") {
    CountedWork([&] { train(); });
  } else {
    unlearn::Model model = train();
    std::vector<datasets::RecordId> ids = data.train.ids;
    std::shuffle(ids.begin(), ids.end(), std::mt19937_64(7));
    ids.resize(std::min(kUpdates, ids.size()));
    std::vector<double> answers(data.test.size() * data.schema.classes.size());
    const auto forget = [&] {
      for (const datasets::RecordId& id : ids) Get(model.Forget({&id, 1}));
    };
    if (path == "forget") {
      operations = ids.size();
      CountedWork(forget);
    } else if (path == "learn") {
      operations = ids.size();
      std::vector<datasets::Table> tables;
      for (const datasets::RecordId& id : ids) {
        const auto slot = model.records().Find(id);
        const datasets::Cell* row = model.records().row(*slot);
        datasets::Table one;
        one.width = data.train.width;
        one.ids = {id};
        one.labels = {model.records().label(*slot)};
        one.cells = {row, row + one.width};
        tables.push_back(std::move(one));
      }
      forget();
      CountedWork([&] {
        for (const datasets::Table& table : tables) Get(model.Learn(table));
      });
    } else {
      operations = data.test.size();
      CountedWork([&] {
        if (path == "batch") {
          model.PredictBatch(data.test.cells.data(), data.test.size(), answers.data(), *executor);
          return;
        }
        for (std::size_t i = 0; i < data.test.size(); ++i) model.Predict(data.test.row(i).data(), answers.data());
      });
    }
  }
  fmt::print("{{\"path\":\"{}\",\"data\":\"{}\",\"operations\":{}}}\n", path, name, operations);
  return 0;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Run(argc, argv);
}
