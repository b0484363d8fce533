// Receipts of what a store has just done, for whom a request named.
//
// Thread rule: any thread; blocks while the log is signed and its files are read and written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/result.h"
#include "storage/evidence/receipt.h"
#include "storage/store.h"

namespace hedgerow::storage {

// What proves a request. One that was made in parts has an entry for each of them in the log.
struct RequestReceipts {
  std::vector<Receipt> last = {};  // of its last part, or its only one: one with each opening, or a single one without
  std::vector<Receipt> before = {};  // of parts before, in their order, without an opening
  std::uint64_t part_count = 1;      // of all parts
  // For each of `last` a text that has `before` as well (evidence/receipt.h, a bundle).
  std::vector<std::string> ToTexts() const;
};

// Of the parts before the last one, those that are wanted: there may be thousands.
struct PartRange {
  std::uint64_t first = 0;  // from 0
  std::uint64_t most = UINT64_MAX;
};

// Receipts of the request whose last update has this number, for the stage, which it must have reached. Signs the log
// before, if that does not tell of it yet. `directory` is the store's. kUsage: the log does not tell of the update, for
// it changed nothing (number 0), or is older than the log; kBadInput: an opening is none of the update; kNotYet: it has
// not reached the stage; kStoreUnavailable: the log's key is not there.
Result<RequestReceipts> MakeReceipts(Store& store, const std::string& directory, std::uint64_t sequence, Stage stage,
                                     const std::vector<Opening>& openings, const PartRange& parts = {});

}  // namespace hedgerow::storage
