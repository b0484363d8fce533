// Which trees hold a record (docs/model.md, "Occupancy").
//
// Thread rule: pure function.
#pragma once

#include <cstdint>
#include <span>

#include "datasets/table.h"
#include "forest/parameters.h"

namespace hedgerow::forest {

// Writes the numbers of the record's trees, ascending, into `trees`, which is `parameters.occupancy` long.
void OccupiedTrees(const Parameters& parameters, datasets::RecordId id, std::span<std::uint32_t> trees);

}  // namespace hedgerow::forest
