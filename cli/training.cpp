#include "cli/training.h"

#include <chrono>
#include <filesystem>
#include <utility>

#include "cli/progress.h"
#include "unlearn/model.h"

namespace hedgerow::cli {
namespace {

class Stopwatch {
 public:
  // Seconds since the last call.
  double Lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(start_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

Status CheckNewDirectory(const std::string& directory) {
  std::error_code failed;
  if (directory.empty() || !std::filesystem::exists(directory, failed)) return {};
  const bool free = std::filesystem::is_directory(directory, failed) && std::filesystem::is_empty(directory, failed);
  if (free && !failed) return {};
  return Error{ErrorCode::kStoreUnavailable, "there is something already", directory,
               "train into a new directory, or remove this one first"};
}

Result<Trained> Train(TrainingInput input, forest::Executor& executor) {
  Trained trained;
  Stopwatch watch;
  if (Status status = forest::Validate(input.parameters); !status) return status.error();
  if (Status status = CheckNewDirectory(input.directory); !status) return status.error();
  auto source = OpenSource(std::move(input.schema), {.path = input.data,
                                                     .purpose = Purpose::kTrain,
                                                     .columns = input.columns,
                                                     .key = datasets::CategoryKeyFromSeed(input.parameters.seed)});
  if (!source) return source.error();
  auto table = ReadAll(*source, input.data, executor);
  if (!table) return table.error();
  trained.records = table->size();
  trained.schema = source->schema;
  trained.read_seconds = watch.Lap();
  Result<unlearn::Model> model = [&] {
    Progress progress("growing trees");
    return unlearn::Model::Train(input.parameters, source->schema, *table, executor,
                                 [&](std::size_t done, std::size_t total) { progress.Update(done, total); });
  }();
  if (!model) return model.error();
  trained.grow_seconds = watch.Lap();
  table->cells = {};  // the model has them; only ids and subjects are still needed
  auto store = storage::Store::Create(input.directory, std::move(*model), *table, executor, input.log);
  if (!store) return store.error();
  trained.store = std::move(*store);
  trained.write_seconds = watch.Lap();
  return trained;
}

}  // namespace hedgerow::cli
