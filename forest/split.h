// A split's predicate: which side a cell goes to (docs/model.md, "Order of values" and "Split").
//
// Thread rule: plain values.
#pragma once

#include <cstdint>

#include "datasets/cell.h"
#include "datasets/schema.h"
#include "forest/hash.h"

namespace hedgerow::forest {

using datasets::Cell;
using datasets::FeatureType;

// The order in which a node ranks an attribute's cells. Numeric: `word` is 0 or 1, and missing ranks lowest or highest.
// Categorical: `word` is the salt of a random order. `v` is injective.
struct Order {
  std::uint32_t word = 0;
  FeatureType type = FeatureType::kNumeric;

  std::int32_t Rank(Cell cell) const {
    const auto x = static_cast<std::uint32_t>(cell);
    return static_cast<std::int32_t>(type == FeatureType::kNumeric ? x - word : Mix32(x ^ word));
  }
};

// The order of an attribute with this order word (hash.h, AttributeWord).
inline Order AttributeOrder(FeatureType type, std::uint64_t word) {
  const auto salt = static_cast<std::uint32_t>(word);
  return {type == FeatureType::kCategorical ? salt : salt & 1U, type};
}

// A cell goes left iff its rank is at most the threshold. 12 bytes, since each large node has one: the attribute fills
// the end of the order.
struct Split {
  [[no_unique_address]] Order order;
  std::uint16_t attribute = 0;
  static_assert(datasets::kMaxFeatures <= 0xffff);
  std::int32_t threshold = 0;

  bool Left(Cell cell) const { return order.Rank(cell) <= threshold; }
};

static_assert(sizeof(Split) == 12);

inline bool operator==(const Split& a, const Split& b) {
  return a.attribute == b.attribute && a.order.word == b.order.word && a.order.type == b.order.type &&
         a.threshold == b.threshold;
}

}  // namespace hedgerow::forest
