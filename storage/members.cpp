#include "storage/members.h"

#include <algorithm>

#include "forest/occupancy.h"

namespace hedgerow::storage {

using forest::Slot;

SlotLabels::SlotLabels(const forest::Records& records) : labels_(records.slot_end(), kNone) {
  for (Slot slot = 0; slot < records.slot_end(); ++slot) {
    if (records.Alive(slot)) labels_[slot] = records.label(slot);
  }
}

Members::Members(const forest::Forest& forest, const forest::Records& records, const Lives& lives,
                 forest::Executor& executor)
    : words_((records.slot_end() + 63) / 64), bits_(words_ * forest.trees().size(), 0) {
  constexpr std::size_t kSlotsATask = 16'384;  // whole words, so no two tasks share one
  executor.ParallelFor((records.slot_end() + kSlotsATask - 1) / kSlotsATask, [&](std::size_t task) {
    std::vector<std::uint32_t> trees(forest.parameters().occupancy);
    const std::size_t end = std::min<std::size_t>(records.slot_end(), (task + 1) * kSlotsATask);
    for (std::size_t at = task * kSlotsATask; at < end; ++at) {
      const auto slot = static_cast<Slot>(at);
      if (!records.Alive(slot)) continue;
      forest::OccupiedTrees(forest.parameters(), records.id(slot), trees);
      for (const std::uint32_t tree : trees) {
        const std::uint64_t progress = lives.tree_progress[tree];
        const bool holds = lives.born[slot] <= progress && lives.died[slot] > progress;
        bits_[tree * words_ + slot / 64] |= std::uint64_t{holds} << (slot % 64);
      }
    }
  });
}

}  // namespace hedgerow::storage
