// What a model answers to rows of cells, in either form: a probability of each class, or the most probable class alone.
//
// Thread rule: plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "datasets/table.h"

namespace hedgerow::server {

struct Prediction {
  std::vector<double> probabilities;  // one a class; of a batch row by row
  std::uint64_t sequence = 0;         // the model has at least the updates up to this number
};

struct Classification {
  std::vector<datasets::ClassCode> classes;  // one a row: the first of those with the largest probability
  std::uint64_t sequence = 0;                // as above
};

}  // namespace hedgerow::server
