#include "cli/demo_story.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/format.h"
#include "cli/progress.h"
#include "cli/scoring.h"
#include "cli/training.h"

namespace hedgerow::cli {
namespace {

constexpr std::size_t kPredictions = 2'000;
constexpr std::size_t kForgets = 300;
constexpr std::size_t kFewestRecords = 40;

Json ToJson(const Timings& timings) {
  return {{"median", timings.median}, {"p99", timings.p99}, {"max", timings.max}};
}

}  // namespace

std::string Story::Short(const forest::Digest& root) {
  return root.ToHex().substr(0, 16) + "...";
}

void Story::Head(const std::string& title) {
  ++chapter_;
  if (!quiet_) Print(fmt::format("\n{}. {}\n", chapter_, title));
}

void Story::Tell(const std::string& text) const {
  if (!quiet_) Print("   " + text + "\n");
}

Result<bool> Story::Run() {
  Tell(fmt::format("Data: {}.", data_.title));
  for (Status (Story::*chapter)() :
       {&Story::TrainIt, &Story::EvaluateIt, &Story::PredictSome, &Story::ForgetOne, &Story::ForgetMany,
        &Story::RehearsePerson, &Story::ForgetPerson, &Story::Verify, &Story::LearnBack}) {
    if (Status status = (this->*chapter)(); !status) return status.error();
  }
  return right_;
}

Status Story::TrainIt() {
  Head("Train");
  auto schema = datasets::LoadSchema(data_.files.schema);
  if (!schema) return schema.error();
  ColumnOptions columns;
  columns.subjects_file = data_.files.persons;
  auto trained = Train({directory_, data_.files.train, std::move(*schema), columns, {}}, *executor_);
  if (!trained) return trained.error();
  store_ = std::move(trained->store);
  first_root_ = store_->Root();
  const forest::Parameters& parameters = store_->model().forest().parameters();
  // Read once more, as Train gives its table away.
  auto source = OpenSource(trained->schema, {.path = data_.files.train,
                                             .purpose = Purpose::kTrain,
                                             .columns = columns,
                                             .key = datasets::CategoryKeyFromSeed(parameters.seed)});
  if (!source) return source.error();
  auto table = ReadAll(*source, data_.files.train, *executor_);
  if (!table) return table.error();
  training_ = std::move(*table);
  if (training_.size() < kFewestRecords) {
    return Error{ErrorCode::kBadInput, "too few records for a story", data_.files.train,
                 fmt::format("the demo needs {} at the least", kFewestRecords)};
  }
  Tell(fmt::format("{} grew on {} in {:.1f} s; each record is in {} of them.", Count(parameters.trees, "tree"),
                   Count(trained->records, "record"), trained->seconds(), parameters.occupancy));
  Tell(fmt::format("The model's root, a fingerprint of all of it, is {}", Short(first_root_)));
  measured_["data"] = data_.made_up ? "people" : "rand_visits";
  measured_["records"] = trained->records;
  measured_["root"] = first_root_.ToHex();
  measured_["train_seconds"] = trained->seconds();
  return {};
}

Status Story::EvaluateIt() {
  Head("Evaluate");
  const forest::Forest& forest = store_->model().forest();
  const auto metrics = Score(store_->model(), data_.files.test, "", *executor_);
  if (!metrics) return metrics.error();
  Tell(fmt::format("On {} that it has not seen: {}.", Count(metrics->records, "record"), ToString(*metrics)));
  measured_["evaluate"] = ToJson(*metrics, forest.schema());
  return {};
}

Status Story::PredictSome() {
  Head("Predict");
  const unlearn::Model& model = store_->model();
  std::vector<double> times, probabilities(model.forest().classes());
  const std::size_t step = std::max<std::size_t>(1, training_.size() / kPredictions);
  for (std::size_t i = 0; i < training_.size(); i += step) {
    const auto start = std::chrono::steady_clock::now();
    model.Predict(training_.row(i).data(), probabilities.data());
    times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  const Timings timings = Summarise(times);
  Tell(fmt::format("{} predictions, one by one: {}.", Thousands(times.size()), ToString(timings)));
  measured_["predict_us"] = ToJson(timings);
  return {};
}

Result<storage::Outcome> Story::Forget(const storage::ForgetRequest& request) {
  auto outcome = store_->Forget(request);
  if (!outcome) return outcome.error();
  HEDGEROW_CHECK(outcome->unknown.empty() && outcome->unknown_subjects.empty(), "the demo forgets what it learned");
  forgotten_.insert(outcome->records.begin(), outcome->records.end());
  return outcome;
}

Status Story::ForgetOne() {
  Head("Forget a record");
  const auto outcome = Forget({.records = {training_.ids[training_.size() / 2]}, .subjects = {}});
  if (!outcome) return outcome.error();
  Tell(fmt::format("It left {} in {}; {} changed, and what was below them grew anew.",
                   Count(outcome->effect.trees, "tree"), Micros(outcome->update_us),
                   Count(outcome->effect.flips, "split")));
  const auto durable = Await(*outcome, storage::Stage::kDurable);
  if (!durable) return durable.error();
  Tell(fmt::format("It was safe on the disk after {} more, and the root is now {}",
                   Micros(outcome->commit_us + *durable), Short(outcome->root_after)));
  return {};
}

Status Story::ForgetMany() {
  const std::size_t wanted = std::min(kForgets, training_.size() / 4);
  Head(fmt::format("Forget {} more, one by one", wanted));
  std::vector<double> updates, commits;
  const std::size_t step = std::max<std::size_t>(1, training_.size() / wanted);
  Progress progress("forgetting");
  for (std::size_t i = 0; i < training_.size() && updates.size() < wanted; i += step) {
    if (forgotten_.contains(training_.ids[i])) continue;
    const auto outcome = Forget({.records = {training_.ids[i]}, .subjects = {}});
    if (!outcome) return outcome.error();
    const auto durable = Await(*outcome, storage::Stage::kDurable);
    if (!durable) return durable.error();
    updates.push_back(outcome->update_us);
    commits.push_back(outcome->commit_us + *durable);
    progress.Update(updates.size(), wanted);
  }
  const Timings update = Summarise(updates), commit = Summarise(commits);
  Tell(fmt::format("Out of the model:  {}.", ToString(update)));
  Tell(fmt::format("Safe on the disk:  {} after that.", ToString(commit)));
  measured_["forgets"] = updates.size();
  measured_["forget_us"] = ToJson(update);
  measured_["durable_us"] = ToJson(commit);
  return {};
}

Result<double> Story::Await(const storage::Outcome& outcome, storage::Stage stage) {
  const auto start = std::chrono::steady_clock::now();
  if (Status status = store_->Await(outcome.sequence, stage); !status) return status.error();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace hedgerow::cli
