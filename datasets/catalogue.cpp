#include "datasets/catalogue.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace hedgerow::datasets {
namespace {

constexpr std::array<CatalogueEntry, 6> kCatalogue{{
    {"adult", "Adult (census income)", "UCI Machine Learning Repository, 1996", "CC BY 4.0",
     "48,842 persons, 14 features (8 categorical), 2 classes: income above 50,000 dollars or not"},
    {"bank", "Bank Marketing", "UCI Machine Learning Repository, 2012", "CC BY 4.0",
     "41,188 calls, 20 features (10 categorical), 2 classes: a deposit was made or not"},
    {"diabetes130", "Diabetes 130-US Hospitals", "UCI Machine Learning Repository, 2014", "CC BY 4.0",
     "101,766 stays of 71,518 patients, 28 features (20 categorical), 3 classes: readmission within 30 days, later, "
     "not"},
    {"letter", "Letter Recognition", "UCI Machine Learning Repository, 1991", "CC BY 4.0",
     "20,000 letters, 16 numeric features, 26 classes"},
    {"shopping", "Online Shoppers Purchasing Intention", "UCI Machine Learning Repository, 2018", "CC BY 4.0",
     "12,330 sessions, 17 features (7 categorical), 2 classes: a purchase or not"},
    {"rand_visits", "RAND Health Insurance Experiment", "RAND Corporation, 1974 to 1982, as packaged with statsmodels",
     "public domain", "20,190 person-years, 9 numeric features, 2 classes: any visit to a doctor or none"},
}};

}  // namespace

std::span<const CatalogueEntry> Catalogue() {
  return kCatalogue;
}

const CatalogueEntry* FindInCatalogue(std::string_view name) {
  const auto it =
      std::find_if(kCatalogue.begin(), kCatalogue.end(), [&](const auto& entry) { return entry.name == name; });
  return it == kCatalogue.end() ? nullptr : &*it;
}

std::optional<DatasetFiles> LocateDataset(const std::string& folder, std::string_view name) {
  const std::string stem = folder + "/" + std::string(name);
  DatasetFiles files{stem + "-train.csv", stem + "-test.csv", stem + ".schema.json", stem + "-persons.csv"};
  std::error_code ignored;
  for (const std::string& path : {files.train, files.test, files.schema}) {
    if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  }
  if (!std::filesystem::exists(files.persons, ignored)) files.persons.clear();
  return files;
}

}  // namespace hedgerow::datasets
