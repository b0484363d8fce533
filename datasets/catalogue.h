// The data sets that tests, benchmarks and the demo know, with origin and licence.
//
// Thread rule: constants.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hedgerow::datasets {

struct CatalogueEntry {
  std::string_view name;
  std::string_view title;
  std::string_view origin;
  std::string_view licence;
  std::string_view task;
};

std::span<const CatalogueEntry> Catalogue();
const CatalogueEntry* FindInCatalogue(std::string_view name);

struct DatasetFiles {
  std::string train, test, schema, persons;  // persons: empty if there is none
};
// NAME-train.csv, NAME-test.csv, NAME.schema.json, NAME-persons.csv in a folder; nothing if one of the first three
// is missing.
std::optional<DatasetFiles> LocateDataset(const std::string& folder, std::string_view name);

}  // namespace hedgerow::datasets
