// How much one step of background work does while it holds the writer's lock.
//
// Thread rule: a value.
#pragma once

#include <cstdint>

namespace hedgerow::unlearn {

// Values that keep a step at some ten microseconds.
struct StepLimits {
  std::uint32_t records_grown = 256;  // a place with more is grown from copies
  std::uint32_t rows_copied = 512;
  std::uint32_t changes_applied = 8;
  std::uint32_t records_placed = 2048;  // what is grown takes its place in pieces of about so many
};

}  // namespace hedgerow::unlearn
