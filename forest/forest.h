// The canonical forest: T trees, each a pure function of (seed, parameters, schema, its live records).
//
// Knows how to grow, to predict and to take its fingerprint (docs/model.md). Knows nothing of how records are
// forgotten (unlearn/) nor of how trees are stored (storage/), though both work on its trees.
//
// Thread rule: Grow and Root change the forest; Predict and the other const members may run on many threads
// while nothing changes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "datasets/schema.h"
#include "forest/digest.h"
#include "forest/executor.h"
#include "forest/memory.h"
#include "forest/parameters.h"
#include "forest/records.h"
#include "forest/tree.h"

namespace hedgerow::forest {

class Forest {
 public:
  // `parameters` must be resolved (occupancy > 0) and valid.
  Forest(Parameters parameters, datasets::Schema schema);

  // Grows all trees anew from the live records. `progress(done, total)` is called from any thread, if set.
  void Grow(const Records& records, Executor& executor,
            const std::function<void(std::size_t, std::size_t)>& progress = {});

  // The numbers of the `occupancy` trees that hold a record, ascending.
  std::vector<std::uint32_t> TreesOf(RecordId id) const;

  // The probability of each class for one row of `width()` cells into `probabilities`, `classes()` long.
  void Predict(const Cell* row, double* probabilities) const;
  // The same for rows one after the other; `probabilities` is row-major.
  void PredictBatch(const Cell* rows, std::size_t count, double* probabilities, Executor& executor) const;

  // The Merkle root. Digests of untouched parts are kept, so after a forget only its paths are hashed again.
  Digest Root(const Records& records, Executor& executor);

  const Parameters& parameters() const { return parameters_; }
  const datasets::Schema& schema() const { return schema_; }
  std::size_t width() const { return schema_.features.size(); }
  std::size_t classes() const { return schema_.classes.size(); }
  const Context& context() const { return context_; }
  std::vector<Tree>& trees() { return trees_; }
  const std::vector<Tree>& trees() const { return trees_; }
  std::size_t MemoryBytes() const;
  void AddMemory(MemoryParts& parts) const;
  void AddOwnMemory(MemoryParts& parts) const;  // without what is below the trees

 private:
  Parameters parameters_;
  datasets::Schema schema_;
  Context context_;
  std::vector<Tree> trees_;
};

// The first class with the largest probability.
ClassCode MostProbable(std::span<const double> probabilities);

}  // namespace hedgerow::forest
