#include "cli/demo_data.h"

#include <fmt/format.h>
#include <stdlib.h>  // NOLINT: mkdtemp is POSIX, not C++

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "datasets/people.h"
#include "datasets/randhie.h"

namespace hedgerow::cli {
namespace {

constexpr const char* kRealData = "rand_visits";
// As many as the real data has.
constexpr std::uint64_t kTrainRecords = 16'000, kTestRecords = 4'000;

Result<DemoData> MakePeople(const std::string& scratch) {
  DemoData data;
  data.made_up = true;
  data.title = "made-up people (hedgerow synthesize)";
  data.files = {scratch + "/people-train.csv", scratch + "/people-test.csv", scratch + "/people.schema.json", ""};
  datasets::PeopleOptions train, test;
  train.records = kTrainRecords;
  test.records = kTestRecords;
  test.seed = train.seed + 1;  // other people
  if (Status status = datasets::WritePeople(train, data.files.train); !status) return status.error();
  if (Status status = datasets::WritePeople(test, data.files.test); !status) return status.error();
  std::ofstream schema(data.files.schema, std::ios::binary);
  if (schema << datasets::ToJson(datasets::PeopleSchema(train)) && schema.flush()) return data;
  return Error{ErrorCode::kIo, "the schema could not be written", data.files.schema, "make room or set TMPDIR"};
}

}  // namespace

Result<DemoData> FindDemoData(const std::string& folder, const std::string& scratch) {
  const auto files = datasets::LocateDataset(folder, kRealData);
  if (!files) return MakePeople(scratch);
  DemoData data;
  data.files = *files;
  const datasets::CatalogueEntry* entry = datasets::FindInCatalogue(kRealData);
  HEDGEROW_CHECK(entry != nullptr, "the catalogue knows the demo's data");
  data.title = fmt::format("{}: {}", entry->title, entry->task);
  return data;
}

Status PrepareDemoData(const std::string& source, const std::string& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    return Error{ErrorCode::kIo, "the folder cannot be made: " + failed.message(), folder,
                 "choose another with --data"};
  return datasets::ConvertRandHie(source, folder);
}

std::string DefaultDemoFolder() {
  const char* folder = std::getenv("HEDGEROW_DEMO_DATA");
  return folder != nullptr && *folder != '\0' ? folder : "build/demo/data";
}

Result<ScratchDirectory> ScratchDirectory::Make() {
  std::error_code failed;
  std::string path = std::filesystem::temp_directory_path(failed).string() + "/hedgerow-demo-XXXXXX";
  if (!failed && mkdtemp(path.data()) != nullptr) return ScratchDirectory(path);
  return Error{ErrorCode::kIo, fmt::format("no temporary directory can be made: {}", std::strerror(errno)), path,
               "set TMPDIR to a directory that you may write to"};
}

ScratchDirectory::ScratchDirectory(ScratchDirectory&& other) noexcept
    : path_(std::exchange(other.path_, std::string())), keep_(other.keep_) {}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  if (!keep_ && !path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace hedgerow::cli
