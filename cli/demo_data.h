// The data of the demo, and the temporary directory in which it happens.
//
// Thread rule: main thread only.
#pragma once

#include <string>

#include "datasets/catalogue.h"
#include "datasets/result.h"

namespace hedgerow::cli {

struct DemoData {
  datasets::DatasetFiles files;
  std::string title;
  bool made_up = false;
};

// The RAND Health Insurance Experiment if `folder` has it, else made-up people, written into `scratch`.
Result<DemoData> FindDemoData(const std::string& folder, const std::string& scratch);

// Turns statsmodels' randhie.csv into the demo's files; makes the folder.
Status PrepareDemoData(const std::string& source, const std::string& folder);

// HEDGEROW_DEMO_DATA, else build/demo/data.
std::string DefaultDemoFolder();

// A new directory, removed with all that is in it unless it is kept.
class ScratchDirectory {
 public:
  static Result<ScratchDirectory> Make();
  ScratchDirectory(ScratchDirectory&& other) noexcept;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory();

  const std::string& path() const { return path_; }
  void Keep() { keep_ = true; }

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
  bool keep_ = false;
};

}  // namespace hedgerow::cli
