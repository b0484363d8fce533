// A cell: one feature value of one record, as a 32-bit integer whose signed order is the value's order.
//
// Numeric: the bits of the float32 made monotone (flip the magnitude bits of negatives), so that integer
// comparison equals float comparison; -0 is +0; only finite values exist. Categorical: a keyed hash of the
// string (SipHash-2-4, Aumasson and Bernstein 2012, through libsodium), so that no dictionary of
// values has to be kept. Missing: the smallest integer, for both kinds.
//
// 32 bits a category are enough: two of m categories share a code with probability m^2 / 2^33, and then they
// are only treated alike; nothing else depends on codes being distinct.
//
// Thread rule: pure functions.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <string_view>

namespace hedgerow::datasets {

using Cell = std::int32_t;

inline constexpr Cell kMissing = std::numeric_limits<Cell>::min();

// The cell of a finite float32. Monotone: a < b exactly when NumericCell(a) < NumericCell(b).
inline Cell NumericCell(float value) {
  const auto bits = std::bit_cast<std::int32_t>(value + 0.0F);  // + 0 turns -0 into +0
  return bits >= 0 ? bits : bits ^ std::numeric_limits<std::int32_t>::max();
}

// The inverse of NumericCell; NaN for kMissing.
inline float NumericValue(Cell cell) {
  if (cell == kMissing) return std::numeric_limits<float>::quiet_NaN();
  return std::bit_cast<float>(cell >= 0 ? cell : cell ^ std::numeric_limits<std::int32_t>::max());
}

// The key of the category hash. It is derived from the forest's seed, since the codes are part of the model.
struct CategoryKey {
  std::array<unsigned char, 16> bytes{};
};

CategoryKey CategoryKeyFromSeed(std::uint64_t seed);

// The cell of a category. An empty string is a missing value and gives kMissing; nothing else does.
Cell CategoryCell(const CategoryKey& key, std::string_view category);

}  // namespace hedgerow::datasets
