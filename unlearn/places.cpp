#include "unlearn/places.h"

namespace hedgerow::unlearn {

void MarkChanged(forest::Tree& tree, const forest::Place& place, const Way& way) {
  tree.layout_touched = true;
  if (way.nodes.empty()) tree.root_replaced = true;
  for (forest::Node* node : way.nodes) {
    node->page_dirty = true;
    node->digest_known = false;
    node->Touch(place.TurnsRight(node->depth));
  }
}

}  // namespace hedgerow::unlearn
