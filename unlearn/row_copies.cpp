#include "unlearn/row_copies.h"

#include <algorithm>

namespace hedgerow::unlearn {

void RowCopies::Start(const forest::Records& records, std::vector<forest::Slot> slots) {
  slots_ = std::move(slots);
  rows_.resize(slots_.size() * records.row_stride() + forest::kLanes);
  copied_ = 0;
}

bool RowCopies::Copy(const forest::Records& records, std::size_t rows) {
  const std::size_t stride = records.row_stride();
  const std::size_t end = std::min(slots_.size(), copied_ + rows);
  for (std::size_t i = copied_; i < end; ++i) records.Prefetch(slots_[i]);
  for (; copied_ < end; ++copied_) {
    const forest::Cell* row = records.row(slots_[copied_]);
    std::copy(row, row + stride, rows_.data() + copied_ * stride);
  }
  return copied_ == slots_.size();
}

forest::BlockRange RowCopies::Load(const forest::Records& records, forest::Workspace& workspace) {
  const forest::BlockRange range = workspace.blocks.LoadCopies(records, rows_, slots_, workspace.top_counts());
  slots_ = {};
  rows_ = {};
  return range;
}

}  // namespace hedgerow::unlearn
