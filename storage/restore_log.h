// The log of a store that is made of a backup: it begins with the entries of the log that there was, and goes on under
// a name and a key of its own, since the other one may go on as well.
//
// Thread rule: one thread; the directories must not be in use for writing.
#pragma once

#include <optional>
#include <string>

#include "datasets/result.h"
#include "storage/database.h"
#include "storage/store.h"

namespace hedgerow::storage {

// Puts the live store's log into the copy of the backup; without a live store, the copy keeps the one it has. What
// remains to be told by Store::LogRestored; nothing if there is no log, as the backup is of a store that had none.
Result<std::optional<Restoration>> TakeLog(Database& copy, const std::string& backup, const std::string& live);

}  // namespace hedgerow::storage
