#include "tests/support/data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

#include "datasets/cell.h"
#include "datasets/text.h"

namespace hedgerow::tests {

using datasets::Cell;
using datasets::FeatureType;
using datasets::kMissing;

namespace {

constexpr int kSorts = 8;

Cell MakeCell(std::mt19937_64& random, int sort, const datasets::CategoryKey& key) {
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const auto number = [](double value) { return datasets::NumericCell(static_cast<float>(value)); };
  switch (sort) {
    case 0:
      return number(std::normal_distribution<double>()(random));
    case 1:
      return number(static_cast<double>(below(10)));
    case 2:
      return number(static_cast<double>(below(7)) - 3);
    case 3:
      return number(static_cast<double>(below(2)));
    case 4:
      return number(42);
    case 5:
      return number(below(40) == 0 ? 1 : 0);
    case 6:
      return datasets::CategoryCell(key, fmt::format("c{}", below(4)));
    default:
      return datasets::CategoryCell(key, fmt::format("c{}", below(300)));
  }
}

}  // namespace

std::uint64_t Seed(std::uint64_t by_default) {
  const char* text = std::getenv("HEDGEROW_TEST_SEED");
  const auto seed = text != nullptr ? datasets::ParseUnsigned(text) : std::nullopt;
  std::cout << "seed " << seed.value_or(by_default) << " (HEDGEROW_TEST_SEED)\n";
  return seed.value_or(by_default);
}

Data RandomData(std::mt19937_64& random, const Shape& shape) {
  Data data;
  const datasets::CategoryKey key = datasets::CategoryKeyFromSeed(random());
  std::vector<int> sorts;
  std::vector<std::uint64_t> missing;  // one of so many cells; 0: none
  const int first_sort = static_cast<int>(random() % kSorts);
  for (std::size_t a = 0; a < shape.features; ++a) {
    sorts.push_back((first_sort + static_cast<int>(a)) % kSorts);
    missing.push_back(std::array<std::uint64_t, 5>{0, 0, 3, 20, 1}[random() % 5] * (random() % 4 != 0 ? 1 : 0));
    const bool categorical = sorts.back() >= 6;
    data.schema.features.push_back(
        {fmt::format("f{}", a), categorical ? FeatureType::kCategorical : FeatureType::kNumeric});
  }
  for (std::size_t y = 0; y < shape.classes; ++y) data.schema.classes.push_back(fmt::format("class-{}", y));
  data.schema.label = "label";
  const std::uint64_t noise = 1 + random() % 4;
  const bool skewed = random() % 3 == 0;

  datasets::Table& table = data.table;
  table.width = shape.features;
  for (std::size_t i = 0; i < shape.records; ++i) {
    table.ids.push_back(i * 3 + random() % 3);
    const bool duplicate = i > 0 && random() % 10 == 0;
    std::uint64_t cause = 0;
    for (std::size_t a = 0; a < shape.features; ++a) {
      Cell cell = MakeCell(random, sorts[a], key);
      if (missing[a] != 0 && random() % missing[a] == 0) cell = kMissing;
      if (duplicate) cell = table.cells[table.cells.size() - shape.features];
      table.cells.push_back(cell);
      if (a % 2 == 0) cause += static_cast<std::uint32_t>(cell) >> 22;
    }
    std::uint64_t label = (random() % (noise + 1) == 0 ? random() : cause) % shape.classes;
    if (skewed && random() % 20 != 0) label = 0;
    table.labels.push_back(static_cast<datasets::ClassCode>(label));
  }
  return data;
}

datasets::Table Take(const datasets::Table& table, const std::vector<std::size_t>& rows) {
  datasets::Table some;
  some.width = table.width;
  for (const std::size_t i : rows) {
    some.ids.push_back(table.ids[i]);
    some.labels.push_back(table.labels[i]);
    some.cells.insert(some.cells.end(), table.row(i).begin(), table.row(i).end());
    if (!table.subjects.empty()) some.subjects.push_back(table.subjects[i]);
  }
  return some;
}

datasets::Table One(const datasets::Table& table, std::size_t i) {
  return Take(table, {i});
}

forest::Parameters RandomParameters(std::mt19937_64& random, std::size_t features) {
  const auto pick = [&](std::initializer_list<std::uint32_t> values) {
    return values.begin()[random() % values.size()];
  };
  forest::Parameters p;
  p.seed = random();
  p.trees = pick({1, 2, 3, 5});
  p.occupancy = 1 + static_cast<std::uint32_t>(random() % p.trees);
  p.max_depth = pick({0, 1, 2, 5, 20, 20, 60});
  p.min_split = pick({2, 2, 4, 10, 150});
  p.min_leaf = pick({1, 1, 1, 2, 5, 40});
  p.max_features = random() % 2 == 0 ? 0 : 1 + static_cast<std::uint32_t>(random() % (features + 1));
  p.thresholds = pick({1, 2, 4, 6});
  p.smoothing = std::array<double, 3>{0, 1, 2.5}[random() % 3];
  return p;
}

reference::Forest GrowReference(const forest::Parameters& p, const datasets::Schema& schema,
                                const datasets::Table& table) {
  std::vector<reference::Record> records;
  for (std::size_t i = 0; i < table.size(); ++i) {
    records.push_back({table.ids[i], table.labels[i], {table.row(i).begin(), table.row(i).end()}});
  }
  return {
      {p.seed, p.trees, p.occupancy, p.max_depth, p.min_split, p.min_leaf, p.max_features, p.thresholds, p.smoothing},
      schema,
      records};
}

std::string RealDataFolder() {
  const char* folder = std::getenv("HEDGEROW_DATA");
  return folder != nullptr ? folder : HEDGEROW_SOURCE_DIR "/../shared/datasets";
}

std::optional<datasets::DatasetFiles> RealData(const std::string& name) {
  return datasets::LocateDataset(RealDataFolder(), name);
}

}  // namespace hedgerow::tests
