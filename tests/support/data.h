// Generated data for tests, and the way from the product's types to the reference's.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "datasets/catalogue.h"
#include "datasets/schema.h"
#include "datasets/table.h"
#include "forest/parameters.h"
#include "tests/reference/reference_forest.h"

namespace hedgerow::tests {

// HEDGEROW_TEST_SEED, or the test's own; printed, so that a failure can be run again.
std::uint64_t Seed(std::uint64_t by_default);

struct Shape {
  std::size_t records = 100;
  std::size_t features = 5;
  std::size_t classes = 2;
};

struct Data {
  datasets::Schema schema;
  datasets::Table table;
};

// Columns of all sorts: continuous, tied, small integers with negatives, two values, constant, almost constant,
// categories of low and high cardinality; missing values in some, duplicate rows, classes that are rare, and a label
// that depends on some columns.
Data RandomData(std::mt19937_64& random, const Shape& shape);

// A table with one record.
datasets::Table One(const datasets::Table& table, std::size_t i);
// The records at these positions.
datasets::Table Take(const datasets::Table& table, const std::vector<std::size_t>& rows);

// Random parameters that make sense for so many records: all of them vary.
forest::Parameters RandomParameters(std::mt19937_64& random, std::size_t features);

reference::Forest GrowReference(const forest::Parameters& parameters, const datasets::Schema& schema,
                                const datasets::Table& table);

// The folder of the real data sets: HEDGEROW_DATA, or beside the checkout.
std::string RealDataFolder();
std::optional<datasets::DatasetFiles> RealData(const std::string& name);

}  // namespace hedgerow::tests

// Skips a test that needs a real data set which is not there.
#define HEDGEROW_NEEDS_DATA(files, name)                                                              \
  if (!(files)) {                                                                                     \
    GTEST_SKIP() << "the data set '" << (name) << "' is not in " << hedgerow::tests::RealDataFolder() \
                 << ": set HEDGEROW_DATA to the folder that has it";                                  \
  }
