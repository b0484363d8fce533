// The second half of the demo's story: a person's erasure, the proof, and the way back.
#include <fmt/format.h>

#include <chrono>
#include <map>

#include "cli/demo_story.h"
#include "cli/format.h"
#include "cli/progress.h"

namespace hedgerow::cli {
namespace {

constexpr std::size_t kRecordsOfPerson = 5;

}  // namespace

Status Story::Reopen() {
  store_.reset();
  auto store = storage::Store::Open(directory_, storage::OpenMode::kWrite, *executor_);
  if (!store) return store.error();
  store_ = std::move(*store);
  return {};
}

storage::ForgetRequest Story::ChoosePerson() const {
  std::map<std::string, std::size_t> records;  // of persons of whom nothing was forgotten
  for (const std::string& subject : training_.subjects) {
    if (!subject.empty()) ++records[subject];
  }
  for (std::size_t i = 0; i < training_.subjects.size(); ++i) {
    if (forgotten_.contains(training_.ids[i])) records.erase(training_.subjects[i]);
  }
  for (const auto& [subject, count] : records) {
    if (count >= kRecordsOfPerson) return {.records = {}, .subjects = {subject}};
  }
  storage::ForgetRequest request;
  for (std::size_t i = 0; i < training_.size() && request.records.size() < kRecordsOfPerson; ++i) {
    if (!forgotten_.contains(training_.ids[i])) request.records.push_back(training_.ids[i]);
  }
  return request;
}

Status Story::RehearsePerson() {
  person_ = ChoosePerson();
  const bool person = !person_.subjects.empty();
  Head(person ? "A person asks to be forgotten: first a dry run" : "Forget several records: first a dry run");
  // Closing and opening again shows that all of it is on disk; a dry run spoils the model that it is tried on.
  if (Status status = Reopen(); !status) return status;
  storage::ForgetRequest rehearsal = person_;
  rehearsal.dry_run = true;
  const auto outcome = store_->Forget(rehearsal);
  if (!outcome) return outcome.error();
  Tell(fmt::format("{}{} would leave {} in {}; {} would change, with {} below them.", person ? "This person's " : "",
                   Count(outcome->records.size(), "record"), Count(outcome->effect.trees, "tree"),
                   Micros(outcome->update_us), Count(outcome->effect.flips, "split"),
                   Count(outcome->effect.flipped_records, "record")));
  measured_["dry_run"] = {{"records", outcome->records.size()},
                          {"trees", outcome->effect.trees},
                          {"flips", outcome->effect.flips},
                          {"update_us", outcome->update_us}};
  if (Status status = Reopen(); !status) return status;
  Tell("Nothing was changed: the store was opened anew.");
  return {};
}

Status Story::ForgetPerson() {
  Head(person_.subjects.empty() ? "Now forget them" : "Now forget the person");
  const auto outcome = Forget(person_);
  if (!outcome) return outcome.error();
  const auto durable = Await(*outcome, storage::Stage::kDurable);
  if (!durable) return durable.error();
  const auto erased = Await(*outcome, storage::Stage::kErased);
  if (!erased) return erased.error();
  Tell(fmt::format("{} left {} in {}; it was safe on the disk after {} more, and after another {} no file of",
                   Count(outcome->records.size(), "record"), Count(outcome->effect.trees, "tree"),
                   Micros(outcome->update_us), Micros(outcome->commit_us + *durable), Micros(*erased)));
  Tell("the store held a byte of them, nor of those who were forgotten before.");
  measured_["subject"] = {{"records", outcome->records.size()},
                          {"update_us", outcome->update_us},
                          {"durable_us", outcome->commit_us + *durable},
                          {"erased_us", *erased}};
  return {};
}

Status Story::Verify() {
  Head("Verify");
  const unlearn::Model& model = store_->model();
  const auto start = std::chrono::steady_clock::now();
  const forest::Digest regrown = [&] {
    Progress progress("growing anew");
    forest::Forest forest =
        model.Regrow(*executor_, [&](std::size_t done, std::size_t total) { progress.Update(done, total); });
    return forest.Root(model.records(), *executor_);
  }();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const forest::Digest root = store_->Root();
  const bool equal = root == regrown;
  right_ = right_ && equal;
  Tell(fmt::format("A new forest grew on the {} that are left, in {:.1f} s.", Count(model.records().size(), "record"),
                   seconds));
  Tell(fmt::format("Its root is {}", Short(regrown)));
  Tell(
      fmt::format("The store's  {}  {}", Short(root),
                  equal ? "Equal: the model holds nothing of those who were forgotten." : "NOT EQUAL: this is a bug."));
  measured_["verify"] = {
      {"equal", equal}, {"root", root.ToHex()}, {"regrown_root", regrown.ToHex()}, {"seconds", seconds}};
  return {};
}

Status Story::LearnBack() {
  Head("Learn them all back");
  datasets::Table table;
  table.width = training_.width;
  for (std::size_t i = 0; i < training_.size(); ++i) {
    if (!forgotten_.contains(training_.ids[i])) continue;
    table.ids.push_back(training_.ids[i]);
    table.labels.push_back(training_.labels[i]);
    table.cells.insert(table.cells.end(), training_.row(i).begin(), training_.row(i).end());
    if (!training_.subjects.empty()) table.subjects.push_back(training_.subjects[i]);
  }
  const auto outcome = store_->Learn(table);
  if (!outcome) return outcome.error();
  const bool equal = outcome->root_after == first_root_;
  right_ = right_ && equal;
  Tell(fmt::format("{} came back in {}. The root is {}", Count(table.size(), "record"), Micros(outcome->update_us),
                   Short(outcome->root_after)));
  Tell(equal ? "That is the first root again: the model is a function of its records, whatever happened in between."
             : "That is NOT the first root: this is a bug.");
  measured_["learned_back"] = {{"records", table.size()}, {"root", outcome->root_after.ToHex()}, {"equal", equal}};
  return {};
}

}  // namespace hedgerow::cli
