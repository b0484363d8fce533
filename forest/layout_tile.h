// What a prediction reads: tiles of seven nodes, three levels of a tree each.
//
// A tile holds a node (lane 0), its children (lanes 1 and 2) and theirs (lanes 3 to 6), as a heap does. All seven
// are asked at once, in one register, and their answers together name one of eight exits: a tile three levels
// further down, or a leaf. A lane without a node sends every row to the left, so a leaf that comes early stands
// at the leftmost exit below its place.
//
// Thread rule: plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "forest/split.h"

namespace hedgerow::forest {

// Where an exit leads. Without the highest bit: to the tile of this number. With it, to a leaf; the next bit tells a
// large leaf, whose probabilities stand by themselves, from a small one (layout_leaves.h).
using Link = std::uint32_t;
inline constexpr Link kLeafBit = 0x80000000U;
inline constexpr Link kLargeLeafBit = 0x40000000U;
inline constexpr Link kNumberBits = kLargeLeafBit - 1;
inline constexpr Link kNoLink = 0xffffffffU;  // an exit that no row takes

constexpr bool IsLeafLink(Link link) {
  return (link & kLeafBit) != 0;
}

inline constexpr std::uint32_t kTileLanes = 7;
inline constexpr std::uint32_t kTileExits = 8;

// 128 bytes: two lines of the cache. The eighth lane is there to fill a register.
struct alignas(128) Tile {
  std::int32_t thresholds[kTileLanes + 1];
  std::uint32_t words[kTileLanes + 1];  // the orders' words (split.h)
  std::uint16_t attributes[kTileLanes + 1];
  Link links[kTileExits];
  std::uint32_t categorical;  // a bit a lane

  // Nothing in it: every row goes to the first exit.
  constexpr void Clear() {
    for (std::uint32_t lane = 0; lane <= kTileLanes; ++lane) ClearLane(lane);
    for (Link& link : links) link = kNoLink;
    categorical = 0;
  }
  constexpr void ClearLane(std::uint32_t lane) {
    thresholds[lane] = std::numeric_limits<std::int32_t>::max();
    words[lane] = 0;
    attributes[lane] = 0;
  }
  bool IsLane(std::uint32_t lane, const Split& split) const {
    const bool is_categorical = (categorical >> lane & 1U) != 0;
    return thresholds[lane] == split.threshold && words[lane] == split.order.word &&
           attributes[lane] == split.attribute && is_categorical == (split.order.type == FeatureType::kCategorical);
  }
  void SetLane(std::uint32_t lane, const Split& split) {
    thresholds[lane] = split.threshold;
    words[lane] = split.order.word;
    attributes[lane] = split.attribute;
    const std::uint32_t bit = split.order.type == FeatureType::kCategorical ? 1U : 0U;
    categorical = (categorical & ~(1U << lane)) | (bit << lane);
  }
};
static_assert(sizeof(Tile) == 128);

inline constexpr Tile kEmptyTile = [] {
  Tile tile{};
  tile.Clear();
  return tile;
}();

// The exit by the answers of a tile's lanes, a bit a lane: 1 means right.
inline constexpr std::array<std::uint8_t, 1U << kTileLanes> kExitOf = [] {
  std::array<std::uint8_t, 1U << kTileLanes> exits{};
  for (std::uint32_t answers = 0; answers < exits.size(); ++answers) {
    std::uint32_t place = 0;
    while (place < kTileLanes) place = 2 * place + 1 + ((answers >> place) & 1U);
    exits[answers] = static_cast<std::uint8_t>(place - kTileLanes);
  }
  return exits;
}();

// A place in a tile is a lane or, from kTileLanes on, an exit. The first and one past the last exit below a place.
struct ExitRange {
  std::uint32_t begin = 0, end = 0;
};
constexpr ExitRange ExitsBelow(std::uint32_t place) {
  std::uint32_t first = place, last = place;
  while (first < kTileLanes) {
    first = 2 * first + 1;
    last = 2 * last + 2;
  }
  return {first - kTileLanes, last - kTileLanes + 1};
}

// A tree as predictions find it.
struct TreeTop {
  const Tile* tiles = nullptr;
  const std::uint8_t* small_leaves = nullptr;  // with more than two classes: LeafTable's
  const double* large_leaves = nullptr;        // C probabilities each
  Link top = kNoLink;
};

}  // namespace hedgerow::forest
