#include "forest/occupancy.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "forest/hash.h"
#include "forest/kernels.h"

namespace hedgerow::forest {

void OccupiedTrees(const Parameters& parameters, datasets::RecordId id, std::span<std::uint32_t> trees) {
  if (trees.size() == parameters.trees) {
    std::iota(trees.begin(), trees.end(), 0U);
    return;
  }
  const std::size_t count = parameters.trees;
  thread_local std::vector<std::uint64_t> words, smallest;
  thread_local std::vector<std::uint32_t> picked;
  words.resize(count);
  BestKernels().hash_trees(Hash(parameters.seed, kOccupancyWord), id, count, words.data());
  // Words are even, so the chosen ones are nearly always among those below twice their share.
  const double share = 2.0 * static_cast<double>(trees.size()) / static_cast<double>(count);
  const std::uint64_t limit = share >= 1 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(share * 0x1p64);
  // Without a branch that nobody could predict.
  smallest.resize(count);
  std::size_t below = 0;
  for (const std::uint64_t word : words) {
    smallest[below] = word;
    below += word <= limit ? 1 : 0;
  }
  smallest.resize(below);
  if (smallest.size() < trees.size()) smallest = words;
  const auto last = smallest.begin() + static_cast<std::ptrdiff_t>(trees.size()) - 1;
  std::nth_element(smallest.begin(), last, smallest.end());
  // All up to the last word of the chosen ones, which are as many as they should be unless words are equal.
  picked.resize(count);
  std::size_t picks = 0;
  for (std::uint32_t t = 0; t < count; ++t) {
    picked[picks] = t;
    picks += words[t] <= *last ? 1 : 0;
  }
  if (picks == trees.size()) {
    std::copy_n(picked.begin(), picks, trees.begin());
    return;
  }
  // All below the last word of the chosen ones, and of those that equal it as many as there is room for.
  std::size_t room_for_equal =
      trees.size() -
      static_cast<std::size_t>(std::count_if(smallest.begin(), last, [&](std::uint64_t word) { return word < *last; }));
  std::size_t chosen = 0;
  for (std::uint32_t t = 0; t < count && chosen < trees.size(); ++t) {
    if (words[t] > *last || (words[t] == *last && room_for_equal == 0)) continue;
    room_for_equal -= words[t] == *last ? 1 : 0;
    trees[chosen++] = t;
  }
}

}  // namespace hedgerow::forest
