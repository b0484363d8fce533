// A table of counts while it is counted: rows as wide as whole vector registers, 4 bytes a count.
//
// What a node keeps of it is packed (node_statistics.h).
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "forest/kernels.h"
#include "forest/records.h"

namespace hedgerow::forest {

// A lane is one attribute of a node; candidate j * stride() + lane is the lane's attribute with anchor j. The memory is
// used again for the next node.
struct CountTable {
  std::vector<Slot> anchors;
  // With max_features: the attributes of the lanes, ascending, and the constant ones that were passed over on the
  // way to the last. Without it both are empty, and lane a is attribute a; a constant one has no valid candidate.
  std::vector<std::uint16_t> attributes, constants;
  std::uint32_t lanes = 0;
  std::uint32_t classes = 0;
  std::vector<std::uint32_t> words, categorical;  // the lanes' orders; their kinds only with max_features
  LaneOrders orders;
  std::vector<std::int32_t> anchor_ranks;  // a row an anchor
  // 2 C + 1 rows with a column a candidate: per class the records that rank below the anchor, per class those that rank
  // equal, and all that rank above. Lanes behind the last belong to a constant attribute that does not exist.
  std::vector<std::uint32_t> counts;

  std::size_t stride() const { return (lanes + 7) / 8 * 8; }
  std::size_t width() const { return anchors.size() * stride(); }
  std::uint32_t attribute(std::size_t lane) const {
    return attributes.empty() ? static_cast<std::uint32_t>(lane) : attributes[lane];
  }
  // The rows of counts, by their number: `below`, `equal` of a class, `above`.
  std::size_t equal_row(std::size_t y) const { return classes + y; }
  std::size_t above_row() const { return 2 * std::size_t{classes}; }
  std::size_t count_rows() const { return above_row() + 1; }
  std::uint32_t* row(std::size_t number) { return counts.data() + number * width(); }
  const std::uint32_t* row(std::size_t number) const { return counts.data() + number * width(); }
  std::uint32_t Count(std::size_t row_number, std::size_t candidate) const { return row(row_number)[candidate]; }

  // Makes room for `anchors`, `lanes` and `classes` as they are set, with all counts zero.
  void Reset() {
    words.resize(stride());
    anchor_ranks.resize(width());
    counts.assign(count_rows() * width(), 0);
  }
};

}  // namespace hedgerow::forest
