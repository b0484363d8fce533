// Encoded records in memory, row by row.
//
// Thread rule: plain values; share when immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "datasets/cell.h"

namespace hedgerow::datasets {

using RecordId = std::uint64_t;
using ClassCode = std::uint8_t;  // index into Schema::classes

// `size()` records of `width` cells. `subjects` is empty or has one entry a record (an empty string: none).
// `labels` is empty for data that is only to be predicted.
struct Table {
  std::size_t width = 0;
  std::vector<RecordId> ids;
  std::vector<ClassCode> labels;
  std::vector<Cell> cells;  // row-major, size() * width
  std::vector<std::string> subjects;

  std::size_t size() const { return ids.size(); }
  std::span<const Cell> row(std::size_t i) const { return {cells.data() + i * width, width}; }
};

}  // namespace hedgerow::datasets
