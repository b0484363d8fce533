// CSV from outside: records under a schema, a schema that is guessed, lists of ids and of persons.
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <random>

#include "datasets/csv_writer.h"
#include "datasets/infer.h"
#include "datasets/table_reader.h"
#include "tests/datasets/scratch.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz {
namespace {

using datasets::FeatureType;

const datasets::Schema kSchema{
    "n", {{"num", FeatureType::kNumeric}, {"cat", FeatureType::kCategorical}}, "y", {"no", "yes"}, "id", "who"};

// The input under a path, without a disk.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : file_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    HEDGEROW_CHECK(file_ >= 0 && ::write(file_, content.data(), content.size()) >= 0, "no file in memory");
  }
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  const int file_;
};

bool CheckError(const Error& error) {
  HEDGEROW_CHECK(error.code == ErrorCode::kBadInput && !error.message.empty() && error.ToString().size() < 4'000,
                 "an incomplete error: " + error.ToString());
  return false;
}

Result<datasets::TableReader> ReaderOf(std::string_view input) {
  auto csv = datasets::CsvReader::FromText(std::string(input), "t.csv");
  if (!csv) return csv.error();
  return datasets::TableReader::Make(std::move(*csv), kSchema, {});
}

// In pieces of a few bytes, the last one first, the records are the same and so is the error.
void CheckPieces(std::string_view input, const datasets::Table& table, const Result<std::size_t>& count) {
  auto reader = ReaderOf(input);
  const auto backwards = [](std::size_t n, const std::function<void(std::size_t)>& body) {
    for (std::size_t i = n; i > 0; --i) body(i - 1);
  };
  const auto pieces = reader->ReadRest({2, backwards}, {}, 1 + input.size() % 40);
  HEDGEROW_CHECK(pieces.ok() == count.ok(), "pieces are good or bad where the whole is not");
  const bool same = count.ok() ? pieces->cells == table.cells && pieces->ids == table.ids &&
                                     pieces->labels == table.labels && pieces->subjects == table.subjects
                               : pieces.error().ToString() == count.error().ToString();
  HEDGEROW_CHECK(same, "pieces give something else than the whole");
}

bool ReadRecords(std::string_view input) {
  auto reader = ReaderOf(input);
  if (!reader) return CheckError(reader.error());
  datasets::Table table;
  const auto count = reader->Read(table, input.size());
  CheckPieces(input, table, count);
  if (!count) CheckError(count.error());
  HEDGEROW_CHECK(table.cells.size() == table.size() * table.width && table.labels.size() == table.size(),
                 "a table that is not whole");
  for (const datasets::ClassCode label : table.labels) HEDGEROW_CHECK(label < 2, "a class that is not there");
  return count.ok();
}

}  // namespace

std::vector<std::string> Seeds() {
  const datasets::Scratch scratch;
  const std::string path = scratch.Path("t.csv");
  std::vector<std::string> seeds;
  std::mt19937_64 random(1);
  const auto write = [&](std::initializer_list<const char*> header, const auto& record) {
    auto csv = datasets::CsvWriter::Open(path);
    HEDGEROW_CHECK(csv.ok(), "no CSV file");
    for (const char* name : header) csv->Field(std::string_view(name));
    csv->EndRecord();
    for (std::uint64_t id = 0; id < 6; ++id) {
      record(*csv, id);
      csv->EndRecord();
    }
    HEDGEROW_CHECK(csv->Close().ok(), "no CSV file");
    seeds.push_back(scratch.Read("t.csv"));
  };
  write({"id", "who", "num", "cat", "y"}, [&](datasets::CsvWriter& csv, std::uint64_t id) {
    csv.Field(std::uint64_t{1'000'000'007} * id);
    csv.Field(std::string_view(id % 2 == 0 ? "ann, or \"anna\"" : ""));
    csv.Field((static_cast<double>(random() % 2'000) - 1'000) / 7);
    csv.Field(std::string_view(id % 3 == 0 ? "two\nlines" : "r\xc3\xb6t"));
    csv.Field(std::string_view(id % 2 == 0 ? "yes" : "no"));
  });
  write({"id", "person"}, [](datasets::CsvWriter& csv, std::uint64_t id) {
    csv.Field(id);
    csv.Field("person " + std::to_string(id));
  });
  write({"id"}, [](datasets::CsvWriter& csv, std::uint64_t id) { csv.Field(id); });
  return seeds;
}

bool Run(std::string_view input) {
  bool good = ReadRecords(input);
  const MemoryFile file(input);
  for (const datasets::InferOptions& options :
       {datasets::InferOptions{}, datasets::InferOptions{.label = "y", .id = "id", .subject = "who", .name = ""}}) {
    const auto inferred = datasets::InferSchema(file.path(), options);
    if (!inferred) {
      CheckError(inferred.error());
      continue;
    }
    HEDGEROW_CHECK(datasets::ParseSchema(datasets::ToJson(*inferred), "t").ok(), "a guessed schema that is none");
  }
  const auto subjects = datasets::ReadSubjects(file.path());
  const auto ids = datasets::ReadIds(file.path());
  good = (subjects.ok() || CheckError(subjects.error())) || good;
  return (ids.ok() || CheckError(ids.error())) || good;
}

}  // namespace hedgerow::fuzz
