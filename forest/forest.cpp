#include "forest/forest.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "datasets/result.h"
#include "forest/fingerprint.h"
#include "forest/grow_queue.h"
#include "forest/hash.h"
#include "forest/occupancy.h"

namespace hedgerow::forest {
namespace {

Context MakeContext(const Parameters& parameters, const datasets::Schema& schema) {
  Context context{parameters, {}, {}, schema.classes.size()};
  for (const datasets::Feature& feature : schema.features) {
    context.types.push_back(feature.type);
    context.categorical.push_back(feature.type == datasets::FeatureType::kCategorical ? ~0U : 0U);
  }
  context.categorical.resize(PaddedTo(context.width()), 0);
  return context;
}

// Per tree the slots of its records, ascending, one tree after the other.
struct Occupants {
  std::vector<std::size_t> begin;  // trees + 1
  std::vector<Slot> slots;

  std::span<const Slot> of(std::size_t tree) const {
    return {slots.data() + begin[tree], begin[tree + 1] - begin[tree]};
  }
};

// Each thread takes a few runs of slots, so that all have work to the end.
constexpr std::size_t kRunsAThread = 4;

// A counting sort: each run of slots counts how many go to each tree, and then knows where its own begin.
Occupants FindOccupants(const Parameters& parameters, const Records& records, Executor& executor) {
  const std::vector<Slot> live = records.LiveSlots();
  const std::size_t occupancy = parameters.occupancy;
  std::vector<std::uint32_t> trees(live.size() * occupancy);
  const std::size_t runs = kRunsAThread * executor.threads();
  const auto begin_of = [&](std::size_t run) { return live.size() * run / runs; };
  std::vector<std::vector<std::size_t>> next(runs);  // of each run, per tree
  executor.ParallelFor(runs, [&](std::size_t run) {
    std::vector<std::size_t> counts(parameters.trees);
    for (std::size_t i = begin_of(run); i < begin_of(run + 1); ++i) {
      const std::span<std::uint32_t> of_record(trees.data() + i * occupancy, occupancy);
      OccupiedTrees(parameters, records.id(live[i]), of_record);
      for (const std::uint32_t tree : of_record) ++counts[tree];
    }
    next[run] = std::move(counts);
  });
  Occupants occupants;
  std::size_t at = 0;
  for (std::size_t t = 0; t < parameters.trees; ++t) {
    occupants.begin.push_back(at);
    for (std::vector<std::size_t>& of_run : next) at += std::exchange(of_run[t], at);
  }
  occupants.begin.push_back(at);
  occupants.slots.resize(at);
  executor.ParallelFor(runs, [&](std::size_t run) {
    for (std::size_t i = begin_of(run); i < begin_of(run + 1); ++i) {
      for (std::size_t k = i * occupancy; k < (i + 1) * occupancy; ++k) {
        occupants.slots[next[run][trees[k]]++] = live[i];
      }
    }
  });
  return occupants;
}

}  // namespace

Forest::Forest(Parameters parameters, datasets::Schema schema)
    : parameters_(parameters), schema_(std::move(schema)), context_(MakeContext(parameters_, schema_)) {
  HEDGEROW_CHECK(parameters_.occupancy > 0 && Validate(parameters_).ok(), "a forest needs resolved parameters");
  trees_.resize(parameters_.trees);
  for (std::size_t t = 0; t < trees_.size(); ++t) trees_[t].key = RootKey(parameters_.seed, t);
}

void Forest::Grow(const Records& records, Executor& executor,
                  const std::function<void(std::size_t, std::size_t)>& progress) {
  const Occupants occupants = FindOccupants(parameters_, records, executor);
  std::atomic<std::size_t> done = 0;
  GrowQueue queue(context_, records, [&] {
    const std::size_t now = ++done;
    if (progress) progress(now, trees_.size());
  });
  for (std::size_t t = 0; t < trees_.size(); ++t) queue.AddTree(occupants.of(t), trees_[t]);
  executor.ParallelFor(executor.threads(), [&](std::size_t) { queue.Work(); });
}

std::vector<std::uint32_t> Forest::TreesOf(RecordId id) const {
  std::vector<std::uint32_t> trees(parameters_.occupancy);
  OccupiedTrees(parameters_, id, trees);
  return trees;
}

Digest Forest::Root(const Records& records, Executor& executor) {
  std::vector<Digest> digests(trees_.size());
  executor.ParallelFor(trees_.size(),
                       [&](std::size_t t) { digests[t] = DigestOf(trees_[t].root, records, classes()); });
  return RootDigest(HeaderDigest(parameters_, schema_), digests);
}

std::size_t Forest::MemoryBytes() const {
  std::size_t bytes = trees_.capacity() * sizeof(Tree);
  for (const Tree& tree : trees_) bytes += MemoryOf(tree.root);
  return bytes;
}

void Forest::AddMemory(MemoryParts& parts) const {
  TreeMemory memory;
  for (const Tree& tree : trees_) memory.Add(tree.root);
  memory.AddTo(parts);
  AddOwnMemory(parts);
}

void Forest::AddOwnMemory(MemoryParts& parts) const {
  parts["forest: trees"] = {trees_.size(), trees_.capacity() * sizeof(Tree)};
}

}  // namespace hedgerow::forest
