#include "forest/node.h"

#include <algorithm>
#include <utility>

#include "forest/quarantine.h"

namespace hedgerow::forest {

std::size_t Statistics::MemoryBytes() const {
  std::size_t bytes = 0;
  ForEachBlock([&](const void*, std::size_t asked) { bytes += asked; });
  return bytes;
}

void Statistics::ResetTable() {
  count_bytes = sizeof(std::uint32_t);
  table.assign(2 * stride() + (1 + count_rows()) * width(), 0);
}

namespace {

template <class Count>
void Narrow(const std::uint32_t* counts, std::size_t n, void* to) {
  auto* target = static_cast<Count*>(to);
  for (std::size_t i = 0; i < n; ++i) target[i] = static_cast<Count>(counts[i]);
}

template <class Count>
void Widen(const void* counts, std::size_t n, std::uint32_t* to) {
  std::copy_n(static_cast<const Count*>(counts), n, to);
}

}  // namespace

void Statistics::CopyCounts(std::uint32_t* to) const {
  const std::size_t n = count_rows() * width();
  if (count_bytes == 1) {
    Widen<std::uint8_t>(packed_row(0), n, to);
  } else if (count_bytes == 2) {
    Widen<std::uint16_t>(packed_row(0), n, to);
  } else {
    Widen<std::uint32_t>(packed_row(0), n, to);
  }
}

namespace {

std::uint8_t BytesFor(std::uint32_t records) {
  return records <= 0xff ? 1 : records <= 0xffff ? 2 : 4;
}

}  // namespace

Statistics Statistics::PackedCopy(std::uint32_t records) const {
  Statistics copy;
  copy.anchors = anchors;
  copy.attributes = attributes;
  copy.constants = constants;
  copy.lanes = lanes;
  copy.classes = classes;
  copy.count_bytes = BytesFor(records);
  const std::size_t head = 2 * stride() + width();
  const std::size_t counts = count_rows() * width();
  // Rows are a multiple of 8 counts, so they are whole words in any form.
  copy.table.resize(head + counts * copy.count_bytes / sizeof(std::uint32_t));
  std::copy_n(table.begin(), head, copy.table.begin());
  if (copy.count_bytes == 1) {
    Narrow<std::uint8_t>(row(0), counts, copy.packed_row(0));
  } else if (copy.count_bytes == 2) {
    Narrow<std::uint16_t>(row(0), counts, copy.packed_row(0));
  } else {
    Narrow<std::uint32_t>(row(0), counts, copy.packed_row(0));
  }
  return copy;
}

void Statistics::Pack(std::uint32_t records) {
  if (BytesFor(records) == count_bytes) return;
  if (count_bytes != sizeof(std::uint32_t)) {
    std::vector<std::uint32_t> wide(2 * stride() + (1 + count_rows()) * width());
    const std::size_t head = 2 * stride() + width();
    std::copy_n(table.begin(), head, wide.begin());
    CopyCounts(wide.data() + head);
    table = std::move(wide);
    count_bytes = sizeof(std::uint32_t);
  }
  Statistics packed = PackedCopy(records);
  table = std::move(packed.table);
  count_bytes = packed.count_bytes;
}

void CollectSlots(const Subtree& subtree, std::vector<Slot>& slots) {
  if (subtree.small != nullptr) {
    const auto some = subtree.small->slots();
    slots.insert(slots.end(), some.begin(), some.end());
  } else if (subtree.node != nullptr) {
    slots.insert(slots.end(), subtree.node->leaf_slots.begin(), subtree.node->leaf_slots.end());
    CollectSlots(subtree.node->left, slots);
    CollectSlots(subtree.node->right, slots);
  } else if (subtree.quarantine != nullptr) {
    const std::vector<Slot> some = CollectSlots(subtree.quarantine->before, subtree.quarantine->changes);
    slots.insert(slots.end(), some.begin(), some.end());
  }
}

std::vector<Slot> CollectSlots(const Subtree& before, const std::vector<Quarantine::Change>& changes) {
  std::vector<Slot> slots, gone;
  CollectSlots(before, slots);
  for (const Quarantine::Change& change : changes) (change.added ? slots : gone).push_back(change.slot);
  if (gone.size() == 1) {
    std::erase(slots, gone[0]);
  } else if (!gone.empty()) {
    std::sort(gone.begin(), gone.end());
    std::erase_if(slots, [&](Slot slot) { return std::binary_search(gone.begin(), gone.end(), slot); });
  }
  return slots;
}

std::uint32_t CountRecords(const Subtree& subtree) {
  if (subtree.small != nullptr) return static_cast<std::uint32_t>(subtree.small->slots().size());
  if (subtree.quarantine != nullptr) return subtree.quarantine->records;
  return subtree.node != nullptr ? subtree.node->records : 0;
}

}  // namespace hedgerow::forest
