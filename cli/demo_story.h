// The demo's story: train, predict, forget, verify, learn back, with what the verbs use.
//
// Thread rule: main thread only.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/common.h"
#include "cli/demo_data.h"
#include "datasets/table.h"

namespace hedgerow::cli {

class Story {
 public:
  Story(DemoData data, std::string directory, std::unique_ptr<forest::Executor> executor, bool quiet)
      : data_(std::move(data)), directory_(std::move(directory)), executor_(std::move(executor)), quiet_(quiet) {}

  // Tells the whole story. false if a root was not what it must be.
  Result<bool> Run();
  // What was measured; keys are in docs/cli.md.
  const Json& measured() const { return measured_; }

 private:
  Status TrainIt();
  Status EvaluateIt();
  Status PredictSome();
  Status ForgetOne();
  Status ForgetMany();
  Status RehearsePerson();
  Status ForgetPerson();
  Status Verify();
  Status LearnBack();

  static std::string Short(const forest::Digest& root);
  Status Reopen();
  Result<storage::Outcome> Forget(const storage::ForgetRequest& request);
  // Waits for the stage; how many microseconds that took.
  Result<double> Await(const storage::Outcome& outcome, storage::Stage stage);
  // A person with several records of which none was forgotten yet; records if the data names no persons.
  storage::ForgetRequest ChoosePerson() const;
  void Head(const std::string& title);
  void Tell(const std::string& text) const;

  DemoData data_;
  std::string directory_;
  std::unique_ptr<forest::Executor> executor_;
  bool quiet_;
  std::unique_ptr<storage::Store> store_;
  datasets::Table training_;  // kept to choose from and to learn back
  std::set<datasets::RecordId> forgotten_;
  storage::ForgetRequest person_;
  forest::Digest first_root_;
  bool right_ = true;
  int chapter_ = 0;
  Json measured_ = Json::object();
};

}  // namespace hedgerow::cli
