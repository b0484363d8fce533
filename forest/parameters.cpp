#include "forest/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace hedgerow::forest {
namespace {

// Records that a tree should see, for two classes and for more (docs/parameters.md).
constexpr double kTreeRecordsBinary = 8'000;
constexpr double kTreeRecordsMore = 16'000;
// Records of a class for each record of min_split, and where that ends.
constexpr double kClassRecords = 1'500;
constexpr double kLeastMinSplit = 2;
constexpr double kMostMinSplit = 40;

Status InRange(const char* name, double value, double low, double high) {
  if (value >= low && value <= high) return {};
  return Error{ErrorCode::kUsage, fmt::format("{} must be from {} to {}, and is {}", name, low, high, value), name,
               "see docs/parameters.md for what it does"};
}

}  // namespace

Parameters Resolve(Parameters parameters, std::size_t records, std::size_t classes) {
  const auto n = static_cast<double>(records);
  if (parameters.occupancy == 0) {
    const double wanted = classes > 2 ? kTreeRecordsMore : kTreeRecordsBinary;
    const double trees = parameters.trees;
    const double needed = records == 0 ? trees : std::ceil(trees * wanted / n);
    parameters.occupancy = static_cast<std::uint32_t>(std::clamp(needed, std::ceil(trees / 10), trees));
  }
  if (parameters.min_split == 0) {
    const double allowed = std::floor(n / static_cast<double>(classes) / kClassRecords);
    parameters.min_split = static_cast<std::uint32_t>(std::clamp(allowed, kLeastMinSplit, kMostMinSplit));
  }
  return parameters;
}

Status Validate(const Parameters& parameters) {
  const Parameters& p = parameters;
  for (const auto& [name, value, low, high] : {
           std::tuple{"trees", static_cast<double>(p.trees), 1.0, static_cast<double>(kMaxTrees)},
           std::tuple{"occupancy", static_cast<double>(p.occupancy), 0.0, static_cast<double>(p.trees)},
           std::tuple{"max_depth", static_cast<double>(p.max_depth), 0.0, static_cast<double>(kMaxDepth)},
           std::tuple{"min_split", static_cast<double>(p.min_split == 0 ? 2 : p.min_split), 2.0, 4294967295.0},
           std::tuple{"min_leaf", static_cast<double>(p.min_leaf), 1.0, 4294967295.0},
           std::tuple{"max_features", static_cast<double>(p.max_features), 0.0, 4096.0},
           std::tuple{"thresholds", static_cast<double>(p.thresholds), 1.0, static_cast<double>(kMaxThresholds)},
           std::tuple{"smoothing", p.smoothing, 0.0, 1000.0},
       }) {
    if (Status status = InRange(name, value, low, high); !status) return status;
  }
  return {};
}

}  // namespace hedgerow::forest
