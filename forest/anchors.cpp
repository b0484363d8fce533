#include "forest/anchors.h"

#include <mutex>

#include "forest/hash.h"
#include "forest/kernels.h"

namespace hedgerow::forest {

void DrawAnchors(const Context& context, const Records& records, const BlockRange& range, std::uint64_t key,
                 Workspace& workspace) {
  const Kernels& kernels = BestKernels();
  const std::size_t n = range.size;
  std::vector<std::uint32_t>& mixed = workspace.mixed;
  if (mixed.size() < PaddedTo(n)) mixed.resize(PaddedTo(n));
  kernels.mix(workspace.blocks.tags(range), n, NodeWord(key), mixed.data());
  const Slot* slots = workspace.blocks.slots(range);

  workspace.anchors.resize(context.parameters.thresholds);
  for (std::uint32_t j = 0; j < context.parameters.thresholds; ++j) {
    const std::uint32_t flip = AnchorWord(key, j);
    const Drawn drawn = kernels.draw(mixed.data(), n, flip);
    std::size_t best = drawn.first;
    // Tags of 32 bits collide now and then in large nodes: equal words go to the smaller id.
    std::unique_lock<std::mutex> lock;
    if (drawn.times > 1 && workspace.writer != nullptr) lock = std::unique_lock(*workspace.writer);
    for (std::size_t i = best + 1, left = drawn.times - 1; left > 0; ++i) {
      if (mixed[i] != mixed[drawn.first]) continue;
      if (records.id(slots[i]) < records.id(slots[best])) best = i;
      --left;
    }
    workspace.anchors[j] = static_cast<std::uint32_t>(best);
  }
}

bool DrawnBefore(const Records& records, std::uint64_t key, std::uint64_t anchor, Slot a, Slot b) {
  const std::uint32_t flip = AnchorWord(key, anchor);
  const std::uint32_t word_a = Mix32(records.tag(a) ^ NodeWord(key)) ^ flip;
  const std::uint32_t word_b = Mix32(records.tag(b) ^ NodeWord(key)) ^ flip;
  return word_a != word_b ? word_a < word_b : records.id(a) < records.id(b);
}

}  // namespace hedgerow::forest
