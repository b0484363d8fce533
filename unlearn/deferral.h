// What an update may put off, and what it has put off.
//
// Thread rule: one writer.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "forest/hedge.h"
#include "forest/quarantine.h"

namespace hedgerow::unlearn {

// A node that may need a hedge.
struct Wish {
  std::uint32_t tree = 0;
  forest::Place place;
  std::uint64_t slack = 0;  // removals that its split certainly survives
};

struct Deferral {
  // A subtree of more records is not grown anew at once: its place is quarantined.
  std::uint32_t inline_records = 0;
  // Nor is a node of more records counted anew.
  std::uint32_t inline_counted = 0;
  // Nodes of so many records whose split survives fewer removals for certain wish for a hedge.
  std::uint32_t hedge_min_records = 0xffffffffU;
  std::uint32_t hedge_max_records = 0xffffffffU;
  std::uint64_t hedge_horizon = 0;
  std::uint64_t number = 0;  // of the update
  std::chrono::steady_clock::time_point time{};
  std::uint32_t tree = 0;  // that is being updated

  std::vector<std::shared_ptr<forest::Quarantine>> quarantines = {};  // that have begun
  std::vector<std::shared_ptr<forest::Hedge>> lagging = {};           // hedges that have fallen behind
  std::vector<Wish> wishes = {};
  std::vector<std::shared_ptr<forest::Hedge>> dropped = {};  // which may be much to free
};

}  // namespace hedgerow::unlearn
