// What an update does with places whose subtrees are not grown now (tree_update.h).
#include <memory>
#include <utility>

#include "forest/quarantine.h"
#include "unlearn/tree_update.h"

namespace hedgerow::unlearn {

using forest::Place;
using forest::Slot;
using forest::Subtree;

namespace {

void Note(const Changes& changes, forest::Quarantine& quarantine) {
  for (const Slot slot : changes.removed) quarantine.changes.push_back({slot, false});
  for (const Slot slot : changes.added) quarantine.changes.push_back({slot, true});
}

}  // namespace

void TreeUpdate::PutOff(Subtree& subtree, const Place& place, const Changes& changes) {
  ++effect_.queued;
  auto quarantine = std::make_shared<forest::Quarantine>();
  quarantine->tree = deferral_->tree;
  quarantine->place = place;
  quarantine->since = deferral_->number;
  quarantine->began_ns = deferral_->time_ns;
  if (subtree.node() != nullptr) {
    // Its counts are those after the changes already.
    quarantine->class_counts.assign(subtree.node()->class_counts.begin(), subtree.node()->class_counts.end());
    quarantine->records = subtree.node()->records;
    Note(changes, *quarantine);
  } else {
    quarantine->class_counts = forest::CountClasses(*subtree.small(), context_.classes);
    quarantine->records = static_cast<std::uint32_t>(subtree.small()->slots().size());
    Join(*quarantine, changes);
  }
  quarantine->before = std::move(subtree);
  subtree = quarantine;
  deferral_->quarantines.push_back(std::move(quarantine));
}

void TreeUpdate::Join(forest::Quarantine& quarantine, const Changes& changes) const {
  for (const Slot slot : changes.removed) --quarantine.class_counts[records_.label(slot)];
  for (const Slot slot : changes.added) ++quarantine.class_counts[records_.label(slot)];
  quarantine.records += static_cast<std::uint32_t>(changes.added.size());
  quarantine.records -= static_cast<std::uint32_t>(changes.removed.size());
  Note(changes, quarantine);
}

}  // namespace hedgerow::unlearn
