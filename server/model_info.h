// What a store's model is, apart from its records and trees: all that is needed to encode rows for it.
//
// Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "datasets/cell.h"
#include "datasets/schema.h"
#include "forest/parameters.h"

namespace hedgerow::server {

// Never changes for as long as the store lives.
struct Model {
  datasets::Schema schema;
  forest::Parameters parameters;
  datasets::CategoryKey key;

  std::size_t width() const { return schema.features.size(); }
  std::size_t classes() const { return schema.classes.size(); }
};

struct ModelInfo {
  std::string store;
  Model model;
  std::uint64_t sequence = 0;  // of the last update when it was asked
};

}  // namespace hedgerow::server
