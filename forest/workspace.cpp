#include "forest/workspace.h"

namespace hedgerow::forest {

Workspace::Workspace(const Context& context)
    : classes_(context.classes), counts_((2 * (kMaxDepth + 1) + 3) * context.classes) {}

}  // namespace hedgerow::forest
