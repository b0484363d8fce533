// Asking the memory for what an update will read, in all its trees at once.
//
// An update goes down one tree after the other and waits for each node. A walk through all of them together beforehand,
// which only looks where the record goes, lets the memory fetch the nodes of all paths at the same time.
// What is left of the waiting: docs/unlearning.md, "What it costs".
//
// Thread rule: one writer.
#pragma once

#include <cstdint>
#include <span>

#include "forest/forest.h"
#include "forest/records.h"

namespace hedgerow::unlearn {

void PrefetchPaths(const forest::Forest& forest, const forest::Records& records, std::span<const std::uint32_t> trees,
                   forest::Slot slot);

}  // namespace hedgerow::unlearn
