// The values of the store: what is written of the model, of a record and of a page (docs/store-format.md).
//
// Decoding trusts nothing: any bytes give a value that fits the schema, or nothing. What can be computed from the
// rest is not stored.
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/schema.h"
#include "datasets/table.h"
#include "forest/node.h"
#include "forest/parameters.h"
#include "forest/records.h"
#include "forest/tree.h"
#include "storage/keys.h"
#include "storage/members.h"

namespace hedgerow::storage {

// What never changes.
struct ModelHeader {
  forest::Parameters parameters;
  datasets::Schema schema;
  Secret secret{};
};

struct Counters {
  std::uint64_t sequence = 0;  // of the last update
  std::uint64_t records = 0;
  std::uint64_t slot_end = 0;
  std::uint64_t with_subject = 0;
  std::uint64_t forgotten = 0;
};

// A record, or one that has left and that stored trees may still hold: then its key tells when it left.
struct RecordValue {
  std::uint64_t born = 0;  // the sequence number of the update that learned it; 0: training
  forest::Slot slot = 0;
  datasets::RecordId id = 0;
  datasets::ClassCode label = 0;
  std::string subject_key;  // empty: none
  std::vector<datasets::Cell> cells;
};

std::string EncodeHeader(const ModelHeader& header);
std::optional<ModelHeader> DecodeHeader(std::string_view bytes);

std::string EncodeCounters(const Counters& counters);
std::optional<Counters> DecodeCounters(std::string_view bytes);

// How far stored trees have come. A tree's own number is in its checkpoint; all trees have come at least to `floor`.
struct Progress {
  std::uint64_t floor = 0;
  std::uint64_t time_us = 0;  // of the last whole checkpoint, since 1970, UTC; 0: never
  std::uint64_t erased = 0;   // nothing of what left up to this number is in any file
};
std::string EncodeProgress(const Progress& progress);
std::optional<Progress> DecodeProgress(std::string_view bytes);

std::string EncodeRecord(const RecordValue& record);
// With `width` cells and a label below `classes`.
std::optional<RecordValue> DecodeRecord(std::string_view bytes, std::size_t width, std::size_t classes);

// The page of a large node: the node, and its small children.
std::string EncodePage(const forest::Context& context, const forest::Node& node);
// The page of a tree whose root is small.
std::string EncodeSmallRoot(const forest::SmallTree& root);

// The page of a tree whose root is quarantined.
std::string EncodeQuarantinedRoot(const forest::Subtree& root);

// A decoded page. In `node` the large children are missing: `stored_left` and `stored_right` tell which ones have
// pages. The node's key, path and depth are the caller's to set, and then CompleteStatistics is to be called.
struct Page {
  std::unique_ptr<forest::Node> node;  // of a large node
  forest::SmallTree::Pointer small;    // of a small root
  bool quarantined = false;            // the root was still to be grown, from these records
  std::vector<forest::Slot> quarantined_slots;
};
// Checks everything that can be told from the page and the records' labels alone: structure, ranges, live slots, sums.
std::optional<Page> DecodePage(const forest::Context& context, const SlotLabels& labels, std::string_view bytes);

}  // namespace hedgerow::storage
