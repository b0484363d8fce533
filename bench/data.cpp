#include "bench/data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "datasets/catalogue.h"
#include "datasets/people.h"
#include "datasets/table_reader.h"
#include "datasets/text.h"

namespace hedgerow::bench {
namespace {

constexpr std::string_view kPeople = "people:";

[[noreturn]] void GiveUp(const std::string& message) {
  fmt::print(stderr, "bench: error: {}\n", message);
  std::exit(2);
}

std::string Folder() {
  const char* folder = std::getenv("HEDGEROW_DATA");
  return folder != nullptr ? folder : HEDGEROW_SOURCE_DIR "/../shared/datasets";
}

datasets::Table Read(const std::string& path, const datasets::Schema& schema, std::uint64_t seed) {
  auto table = datasets::ReadTable(path, schema, {.key = datasets::CategoryKeyFromSeed(seed)});
  if (!table) GiveUp(table.error().ToString());
  return std::move(*table);
}

Data MakePeopleData(std::string_view shape, std::uint64_t seed) {
  const std::size_t x = shape.find('x');
  const auto records = datasets::ParseUnsigned(shape.substr(0, x));
  const auto features = x == std::string_view::npos ? 20 : datasets::ParseUnsigned(shape.substr(x + 1));
  if (!records || !features || *features < 12)
    GiveUp("synthetic people are asked for as people:RECORDSxFEATURES, 12 features at least");
  const datasets::PeopleOptions options{.records = *records, .features = static_cast<std::uint32_t>(*features)};
  Data data{"people " + std::string(shape), datasets::PeopleSchema(options), {}, {}};
  const datasets::CategoryKey key = datasets::CategoryKeyFromSeed(seed);
  data.train.width = data.test.width = *features;
  datasets::MakePeople(options, key, 0, *records, data.train);
  datasets::MakePeople(options, key, *records, std::clamp<std::uint64_t>(*records / 10, 1'000, 100'000), data.test);
  return data;
}

struct Place {
  datasets::DatasetFiles files;
  datasets::Schema schema;
};

Place Locate(std::string_view name) {
  const auto files = datasets::LocateDataset(Folder(), name);
  if (!files)
    GiveUp(fmt::format("the data set '{}' is not in {}: set HEDGEROW_DATA to the folder that has it", name, Folder()));
  auto schema = datasets::LoadSchema(files->schema);
  if (!schema) GiveUp(schema.error().ToString());
  if (schema->id.empty()) schema->id = "id";  // as all the real sets call it
  return {*files, *schema};
}

}  // namespace

Data LoadData(std::string_view name, std::uint64_t seed) {
  if (name.starts_with(kPeople)) return MakePeopleData(name.substr(kPeople.size()), seed);
  const Place place = Locate(name);
  return {std::string(name), place.schema, Read(place.files.train, place.schema, seed),
          Read(place.files.test, place.schema, seed)};
}

DataFile LocateData(std::string_view name) {
  Place place = Locate(name);
  return {std::string(name), place.files.train, std::move(place.schema)};
}

std::vector<std::string> RealNames() {
  std::vector<std::string> names;
  for (const datasets::CatalogueEntry& entry : datasets::Catalogue()) {
    if (datasets::LocateDataset(Folder(), entry.name)) {
      names.emplace_back(entry.name);
    } else {
      fmt::print(stderr, "bench: without '{}', which is not in {}\n", entry.name, Folder());
    }
  }
  return names;
}

std::vector<std::string> DefaultNames() {
  std::vector<std::string> names = RealNames();
  if (names.empty()) names.emplace_back("people:40000x14");
  return names;
}

}  // namespace hedgerow::bench
