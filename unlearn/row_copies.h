// Copies of records' rows, made a few at a time between updates, so that subtrees can be grown beside them.
//
// Thread rule: one thread; Copy wants the writer's lock.
#pragma once

#include <utility>
#include <vector>

#include "forest/records.h"
#include "forest/workspace.h"

namespace hedgerow::unlearn {

class RowCopies {
 public:
  // None of the slots may be given to another record, nor its row be overwritten, before all are copied.
  void Start(const forest::Records& records, std::vector<forest::Slot> slots);
  // Copies at most `rows` more; whether all are there.
  bool Copy(const forest::Records& records, std::size_t rows);
  // Brings them to the workspace, and lets go of them. Without the lock.
  forest::BlockRange Load(const forest::Records& records, forest::Workspace& workspace);

 private:
  std::vector<forest::Slot> slots_;
  forest::ZeroingVector<forest::Cell> rows_;
  std::size_t copied_ = 0;
};

}  // namespace hedgerow::unlearn
