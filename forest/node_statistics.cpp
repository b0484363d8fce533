#include "forest/node_statistics.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

namespace hedgerow::forest {
namespace {

template <class From, class To>
void Convert(const void* from, std::size_t n, void* to) {
  std::transform(static_cast<const From*>(from), static_cast<const From*>(from) + n, static_cast<To*>(to),
                 [](From count) { return static_cast<To>(count); });
}

void Narrow(const std::uint32_t* from, std::size_t n, std::size_t bytes, void* to) {
  if (bytes == 1) {
    Convert<std::uint32_t, std::uint8_t>(from, n, to);
  } else if (bytes == 2) {
    Convert<std::uint32_t, std::uint16_t>(from, n, to);
  } else {
    Convert<std::uint32_t, std::uint32_t>(from, n, to);
  }
}

}  // namespace

std::uint8_t Statistics::BytesFor(std::span<const std::uint32_t> class_counts) {
  const bool keeps_above = class_counts.size() != 2;
  // A class has at least as many records as fall on one side of an anchor.
  const std::uint32_t largest = keeps_above ? std::accumulate(class_counts.begin(), class_counts.end(), 0U)
                                            : std::max(class_counts[0], class_counts[1]);
  return largest <= 0xff ? 1 : largest <= 0xffff ? 2 : 4;
}

bool Statistics::Fits(std::span<const std::uint32_t> class_counts) const {
  return BytesFor(class_counts) <= count_bytes_;
}

Statistics::Statistics(const CountTable& table, std::span<const std::uint32_t> class_counts)
    : chosen_(!table.attributes.empty()),
      bare_(std::accumulate(class_counts.begin(), class_counts.end(), 0U) <= kBareRecords),
      count_bytes_(BytesFor(class_counts) & 7U),
      anchors_(static_cast<std::uint8_t>(table.anchors.size())),
      lanes_(static_cast<std::uint16_t>(table.lanes)),
      constants_(static_cast<std::uint16_t>(table.constants.size())),
      classes_(static_cast<std::uint16_t>(table.classes)) {
  Allocate();
  std::copy(table.anchors.begin(), table.anchors.end(), anchors_in_block() ? At<Slot>(0) : few_anchors_.data());
  const std::size_t lanes = stride();
  if (!bare_) {
    for (std::size_t j = 0; j < anchors_; ++j) {
      std::copy_n(table.anchor_ranks.data() + j * table.stride(), lanes, anchor_ranks() + j * lanes);
    }
  }
  std::memset(row(0), 0, count_rows() * row_bytes());
  for (std::size_t r = 0; r < count_rows(); ++r) {
    auto* to = static_cast<std::byte*>(row(r));
    for (std::size_t j = 0; j < anchors_; ++j) {
      Narrow(table.row(r) + j * table.stride(), lanes, count_bytes_, to + j * lanes * count_bytes_);
    }
  }
  auto* rest = At<std::uint16_t>(counts_end());
  rest = std::copy(table.attributes.begin(), table.attributes.end(), rest);
  std::copy(table.constants.begin(), table.constants.end(), rest);
}

void Statistics::CopyCounts(std::uint32_t records, std::uint32_t* to) const {
  CopyRows(to);
  if (keeps_above()) return;
  BestKernels().remain(to, above_row(), width(), records, to + above_row() * width());
}

void Statistics::CopyRows(std::uint32_t* to) const {
  const std::size_t n = count_rows() * width();
  if (count_bytes_ == 1) {
    Convert<std::uint8_t, std::uint32_t>(row(0), n, to);
  } else if (count_bytes_ == 2) {
    Convert<std::uint16_t, std::uint32_t>(row(0), n, to);
  } else {
    Convert<std::uint32_t, std::uint32_t>(row(0), n, to);
  }
}

void Statistics::Widen(std::span<const std::uint32_t> class_counts) {
  std::vector<std::uint32_t> counts(count_rows() * width());
  CopyRows(counts.data());
  const std::size_t head = counts_begin(), tail = counts_end();
  const std::unique_ptr<std::byte[]> old = std::move(block_);
  count_bytes_ = BytesFor(class_counts) & 7U;
  Allocate();
  std::memcpy(block_.get(), old.get(), head);
  Narrow(counts.data(), counts.size(), count_bytes_, row(0));
  std::memcpy(block_.get() + counts_end(), old.get() + tail, attributes_bytes());
}

}  // namespace hedgerow::forest
