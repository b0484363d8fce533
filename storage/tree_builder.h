// Putting a tree together from its pages, and checking that they belong together.
//
// Thread rule: one thread a tree.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/codec.h"
#include "storage/pages.h"

namespace hedgerow::storage {

struct StoredPage {
  std::string key;
  Page page;
};

// Builds tree `number` from all its pages, which come in the order of their keys. What was quarantined when they were
// written is grown. False: they do not fit together, or not to the records.
bool BuildTree(const forest::Context& context, const StoredTrees& stored, const SlotLabels& labels,
               std::uint32_t number, std::vector<StoredPage>& pages, forest::Tree& tree);

// Whether an inner node's champion sends so many records of each class to the left.
bool CountsOnTheLeft(const forest::Node& node, const std::vector<std::uint32_t>& counts);

}  // namespace hedgerow::storage
