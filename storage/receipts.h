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

// Receipts of the update with this number, for the stage, which it must have reached: one with each opening, or a
// single one without. Signs the log before, if that does not tell of it yet. `directory` is the store's. kUsage: the
// log does not tell of the update, for it changed nothing (number 0), or is older than the log; kBadInput: an opening
// is none of the update; kNotYet: it has not reached the stage; kStoreUnavailable: the log's key is not there.
Result<std::vector<Receipt>> MakeReceipts(Store& store, const std::string& directory, std::uint64_t sequence,
                                          Stage stage, const std::vector<Opening>& openings);

}  // namespace hedgerow::storage
