#include "datasets/randhie.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "datasets/csv_reader.h"
#include "datasets/csv_writer.h"
#include "datasets/schema.h"
#include "datasets/text.h"

namespace hedgerow::datasets {
namespace {

constexpr const char* kVisits = "mdvis";
// What does not change from one of a person's years to the next.
constexpr const char* kPersonal[] = {"lncoins", "idp", "physlm", "disea", "hlthg", "hlthf", "hlthp"};

// About one person in five, by a hash (SplitMix64's finaliser) of her number.
bool ForTest(std::uint64_t person) {
  std::uint64_t x = person * 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return (x ^ (x >> 31)) % 5 == 0;
}

Schema MakeSchema(const std::vector<std::string>& header, std::size_t visits) {
  Schema schema;
  schema.name = "rand_visits";
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (i != visits) schema.features.push_back({header[i], FeatureType::kNumeric});
  }
  schema.label = "label";
  schema.classes = {"none", "visit"};
  schema.id = "id";
  schema.subject = "subject";
  return schema;
}

Status WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  if (file << text && file.flush()) return {};
  return Error{ErrorCode::kIo, fmt::format("cannot write: {}", std::strerror(errno)), path, "check the folder"};
}

void WriteHeader(const Schema& schema, CsvWriter& writer) {
  writer.Field(std::string_view(schema.id));
  writer.Field(std::string_view(schema.subject));
  for (const Feature& feature : schema.features) writer.Field(std::string_view(feature.name));
  writer.Field(std::string_view(schema.label));
  writer.EndRecord();
}

// Copies record by record; consecutive ones with the same personal columns belong to one person.
Status CopyRecords(CsvReader& csv, std::size_t visits, const std::vector<std::size_t>& personal, CsvWriter& train,
                   CsvWriter& test) {
  std::vector<std::string> last;
  std::uint64_t person = 0;
  for (std::uint64_t id = 1;; ++id) {
    const auto fields = csv.Next();
    if (!fields) return fields.error();
    if (fields->empty()) return {};
    const auto count = ParseFloat((*fields)[visits]);
    if (!count || *count < 0) {
      return Error{ErrorCode::kBadInput, "a number of visits that is none", csv.PlaceOf(visits + 1),
                   "take the file from the package python3-statsmodels"};
    }
    std::vector<std::string> traits;
    traits.reserve(personal.size());
    for (const std::size_t column : personal) traits.emplace_back((*fields)[column]);
    if (traits != last) ++person;
    last = std::move(traits);
    CsvWriter& writer = ForTest(person) ? test : train;
    writer.Field(id);
    writer.Field(std::string_view(fmt::format("person-{}", person)));
    for (std::size_t i = 0; i < fields->size(); ++i) {
      if (i != visits) writer.Field((*fields)[i]);
    }
    writer.Field(std::string_view(*count > 0 ? "visit" : "none"));
    writer.EndRecord();
  }
}

}  // namespace

Status ConvertRandHie(const std::string& source, const std::string& folder) {
  Result<CsvReader> csv = CsvReader::Open(source);
  if (!csv) return csv.error();
  const std::vector<std::string> header = csv->header();
  const auto find = [&](const char* name) {
    return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  };
  const std::size_t visits = find(kVisits);
  std::vector<std::size_t> personal;
  for (const char* name : kPersonal) personal.push_back(find(name));
  if (visits == header.size() || std::find(personal.begin(), personal.end(), header.size()) != personal.end()) {
    return Error{ErrorCode::kBadInput, "this is not statsmodels' randhie.csv: a column is missing", csv->PlaceOf(1),
                 "take the file from the package python3-statsmodels"};
  }
  const Schema schema = MakeSchema(header, visits);
  Result<CsvWriter> train = CsvWriter::Open(folder + "/rand_visits-train.csv");
  if (!train) return train.error();
  Result<CsvWriter> test = CsvWriter::Open(folder + "/rand_visits-test.csv");
  if (!test) return test.error();
  WriteHeader(schema, *train);
  WriteHeader(schema, *test);
  if (Status status = CopyRecords(*csv, visits, personal, *train, *test); !status) return status;
  if (Status status = train->Close(); !status) return status;
  if (Status status = test->Close(); !status) return status;
  return WriteText(folder + "/rand_visits.schema.json", ToJson(schema));
}

}  // namespace hedgerow::datasets
