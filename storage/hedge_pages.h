// The pages of hedges: one a hedge, so that they survive a restart.
//
// A hedge does not belong to the model. One that is behind, or not wholly grown, is not stored; and one that does not
// fit to the tree that was read is left out, and grown anew when its node wishes for it.
//
// Thread rule: one thread a tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "forest/tree.h"
#include "storage/members.h"
#include "storage/pages.h"

namespace hedgerow::storage {

// As a page's key, behind those of all trees.
std::string HedgeKey(std::uint32_t tree, std::uint64_t path, std::uint32_t depth);
std::string HedgeKeyBehind(std::uint32_t tree, std::uint64_t path, std::uint32_t depth);

// Whether the node has a hedge that can be stored.
bool HasStorableHedge(const forest::Node& node);
std::string EncodeHedge(const forest::Context& context, const forest::Hedge& hedge);

// Gives the node at this key's place the hedge of this page. False: it does not fit.
bool AttachHedge(const forest::Context& context, const StoredTrees& stored, const SlotLabels& labels,
                 std::uint32_t number, std::string_view key, std::string_view body, forest::Tree& tree);

}  // namespace hedgerow::storage
