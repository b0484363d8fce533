#include "forest/occupancy.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "forest/hash.h"

namespace hedgerow::forest {

void OccupiedTrees(const Parameters& parameters, datasets::RecordId id, std::span<std::uint32_t> trees) {
  if (trees.size() == parameters.trees) {
    std::iota(trees.begin(), trees.end(), 0U);
    return;
  }
  const std::uint64_t base = Hash(parameters.seed, kOccupancyWord);
  thread_local std::vector<std::pair<std::uint64_t, std::uint32_t>> words;
  words.clear();
  for (std::uint32_t t = 0; t < parameters.trees; ++t) words.emplace_back(Hash(base, t, id), t);
  std::nth_element(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(trees.size()), words.end());
  std::transform(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(trees.size()), trees.begin(),
                 [](const auto& word) { return word.second; });
  std::sort(trees.begin(), trees.end());
}

}  // namespace hedgerow::forest
