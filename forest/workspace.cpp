#include "forest/workspace.h"

#include <utility>

namespace hedgerow::forest {

Workspace::Workspace(const Context& context)
    : classes_(context.classes), counts_((2 * (kMaxDepth + 1) + 3) * context.classes) {}

std::unique_ptr<Workspace> WorkspacePool::Borrow() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return std::make_unique<Workspace>(*context_);
  std::unique_ptr<Workspace> workspace = std::move(free_.back());
  free_.pop_back();
  return workspace;
}

void WorkspacePool::Return(std::unique_ptr<Workspace> workspace) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(workspace));
}

}  // namespace hedgerow::forest
