#include "forest/forest.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "datasets/result.h"
#include "forest/fingerprint.h"
#include "forest/grow.h"
#include "forest/hash.h"
#include "forest/occupancy.h"
#include "forest/workspace.h"

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

constexpr std::size_t kSlotsATask = 4096;

Occupants FindOccupants(const Parameters& parameters, const Records& records, Executor& executor) {
  const std::vector<Slot> live = records.LiveSlots();
  const std::size_t occupancy = parameters.occupancy;
  std::vector<std::uint32_t> trees(live.size() * occupancy);
  executor.ParallelFor((live.size() + kSlotsATask - 1) / kSlotsATask, [&](std::size_t task) {
    const std::size_t end = std::min(live.size(), (task + 1) * kSlotsATask);
    for (std::size_t i = task * kSlotsATask; i < end; ++i) {
      OccupiedTrees(parameters, records.id(live[i]), {trees.data() + i * occupancy, occupancy});
    }
  });
  Occupants occupants;
  occupants.begin.assign(parameters.trees + 1, 0);
  for (const std::uint32_t tree : trees) ++occupants.begin[tree + 1];
  for (std::size_t t = 0; t < parameters.trees; ++t) occupants.begin[t + 1] += occupants.begin[t];
  std::vector<std::size_t> next(occupants.begin.begin(), occupants.begin.end() - 1);
  occupants.slots.resize(trees.size());
  for (std::size_t i = 0; i < trees.size(); ++i) occupants.slots[next[trees[i]]++] = live[i / occupancy];
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
  WorkspacePool workspaces(context_);
  std::atomic<std::size_t> done = 0;
  executor.ParallelFor(trees_.size(), [&](std::size_t t) {
    std::unique_ptr<Workspace> workspace = workspaces.Borrow();
    GrowTree(context_, records, *workspace, occupants.of(t), trees_[t]);
    workspaces.Return(std::move(workspace));
    const std::size_t now = ++done;
    if (progress) progress(now, trees_.size());
  });
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
  parts["forest: trees"] = {trees_.size(), trees_.capacity() * sizeof(Tree)};
}

}  // namespace hedgerow::forest
