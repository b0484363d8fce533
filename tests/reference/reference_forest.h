// The model once more, written from docs/model.md alone: slow, obvious, and sharing no code with forest/.
//
// It knows the definition and nothing of how the product gets there: no statistics, no masks, no hashes kept. Tests
// compare the two; where they differ, the page decides.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/schema.h"

namespace hedgerow::reference {

struct Record {
  std::uint64_t id = 0;
  std::uint32_t label = 0;
  std::vector<std::int32_t> cells;
};

struct Parameters {
  std::uint64_t seed = 1;
  std::uint32_t trees = 10;
  std::uint32_t occupancy = 2;
  std::uint32_t max_depth = 20;
  std::uint32_t min_split = 4;
  std::uint32_t min_leaf = 1;
  std::uint32_t max_features = 0;
  std::uint32_t thresholds = 4;
  double smoothing = 1;
};

struct Node {
  bool leaf = true;
  // An inner node's.
  std::uint32_t attribute = 0;
  bool categorical = false;
  std::uint32_t word = 0;  // b or the salt
  std::int32_t threshold = 0;
  std::vector<Node> children;  // left, right
  // A leaf's.
  std::vector<std::uint64_t> class_counts;
  std::vector<std::uint64_t> ids;  // ascending
};

class Forest {
 public:
  Forest(const Parameters& parameters, const datasets::Schema& schema, const std::vector<Record>& records);

  // 64 hexadecimal digits.
  std::string Root() const;
  std::vector<double> Predict(const std::vector<std::int32_t>& cells) const;
  const std::vector<Node>& trees() const { return trees_; }

 private:
  Node Grow(std::uint64_t key, std::uint32_t depth, const std::vector<const Record*>& records) const;

  Parameters parameters_;
  datasets::Schema schema_;
  std::vector<Node> trees_;
};

}  // namespace hedgerow::reference
