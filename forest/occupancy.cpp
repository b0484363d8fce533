#include "forest/occupancy.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "forest/hash.h"

namespace hedgerow::forest {

void OccupiedTrees(const Parameters& parameters, datasets::RecordId id, std::span<std::uint32_t> trees) {
  if (trees.size() == parameters.trees) {
    std::iota(trees.begin(), trees.end(), 0U);
    return;
  }
  const std::uint64_t base = Hash(parameters.seed, kOccupancyWord);
  thread_local std::vector<std::uint64_t> words, sorted;
  words.resize(parameters.trees);
  for (std::uint32_t t = 0; t < parameters.trees; ++t) words[t] = Hash(base, t, id);
  sorted = words;
  const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(trees.size()) - 1;
  std::nth_element(sorted.begin(), last, sorted.end());
  // All below the last word of the chosen ones, and of those that equal it as many as there is room for.
  std::size_t room_for_equal = trees.size() - static_cast<std::size_t>(std::count_if(
                                                  sorted.begin(), last, [&](std::uint64_t word) { return word < *last; }));
  std::size_t chosen = 0;
  for (std::uint32_t t = 0; t < parameters.trees; ++t) {
    if (words[t] > *last || (words[t] == *last && room_for_equal == 0)) continue;
    room_for_equal -= words[t] == *last ? 1 : 0;
    trees[chosen++] = t;
  }
}

}  // namespace hedgerow::forest
