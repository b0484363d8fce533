// The probabilities of small leaves, computed once, so that no prediction divides.
//
// A leaf with n records, c of them in a class, gives the class (c + s / C) / (n + s) (docs/model.md). A small leaf has
// at most kSmallRecords records, so there are few such values. With two classes, a leaf is a number in this table. With
// more, it is a unit of C + 1 bytes: its number of records and its counts.
//
// Thread rule: immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "forest/tree.h"

namespace hedgerow::forest {

// Also of leaves that are not small. `records` may be 0.
inline double LeafProbability(const Context& context, std::uint32_t count, std::uint32_t records) {
  const auto classes = static_cast<double>(context.classes);
  const double total = records + context.parameters.smoothing;
  if (total == 0) return 1.0 / classes;
  return (count + context.parameters.smoothing / classes) / total;
}

class LeafTable {
 public:
  explicit LeafTable(const Context& context) {
    for (std::uint32_t n = 0; n <= kSmallRecords; ++n) {
      for (std::uint32_t c = 0; c <= n; ++c) {
        if (context.classes == 2) values_.push_back(LeafProbability(context, n - c, n));
        values_.push_back(LeafProbability(context, c, n));
      }
    }
  }

  // Where the values of leaves with n records begin.
  static constexpr std::uint32_t RowOf(std::uint32_t records) { return records * (records + 1) / 2; }

  // With two classes: the two probabilities of leaf RowOf(n) + c, which has c records of the second class.
  const double* pair(std::uint32_t leaf) const { return values_.data() + 2 * leaf; }
  // With more: by the number of a class's records.
  const double* row(std::uint32_t records) const { return values_.data() + RowOf(records); }
  std::size_t MemoryBytes() const { return values_.capacity() * sizeof(double); }

 private:
  std::vector<double> values_;
};

}  // namespace hedgerow::forest
