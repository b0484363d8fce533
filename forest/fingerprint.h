// The forest's fingerprint: a Merkle tree over everything that is the model (docs/model.md, "Fingerprint").
//
// Digests are kept in nodes and small trees; an update forgets those on its paths, and only they are taken again.
//
// Thread rule: one writer a tree.
#pragma once

#include <span>

#include "datasets/schema.h"
#include "forest/digest.h"
#include "forest/node.h"
#include "forest/records.h"
#include "forest/tree.h"

namespace hedgerow::forest {

Digest DigestOf(Subtree& subtree, const Records& records, std::size_t classes);
// Takes some of the digests that are not known below `subtree`: of what has nothing quarantined below it, so that they
// will do for the next root unless an update passes. It goes on until this is about as much as the digests of leaves
// with `limit` records are, by a small tree more at the most; returns what is left of that. 0: there may be more to do.
std::size_t TakeSomeDigests(Subtree& subtree, const Records& records, std::size_t classes, std::size_t limit);
Digest HeaderDigest(const Parameters& parameters, const datasets::Schema& schema);
Digest RootDigest(const Digest& header, std::span<const Digest> trees);

}  // namespace hedgerow::forest
