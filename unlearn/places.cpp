#include "unlearn/places.h"

namespace hedgerow::unlearn {

void MarkChanged(forest::Tree& tree, const Way& way) {
  if (way.nodes.empty()) tree.root_replaced = true;
  for (forest::Node* node : way.nodes) {
    node->page_dirty = true;
    node->digest_known = false;
  }
}

}  // namespace hedgerow::unlearn
