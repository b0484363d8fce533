// Finding a request in a log, and handing a log on.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/result.h"
#include "storage/evidence/log_files.h"

namespace hedgerow::storage {

// Visits the entries of the request with this id from `first` on, in their order. An id that is no UUID is found only
// where the store itself is, as the log has a keyed hash of it; `directory` is that of the store or the export.
Status ForEachOf(const LogFiles& log, const std::string& directory, std::string_view request_id, std::uint64_t first,
                 const VisitEntry& visit);
// All of them, by their index.
Result<std::vector<std::uint64_t>> EntriesOf(const LogFiles& log, const std::string& directory,
                                             std::string_view request_id);

// Makes a directory for an auditor: the log, the public keys, and the parameters. With `with_data` a copy of the
// database and the opening of the seed as well, so that the forest can be grown anew: for an auditor who may see the
// data. kStoreUnavailable: there is no store, or something at `to`; kIo.
Status ExportLog(const std::string& directory, const std::string& to, bool with_data);
// The same of a log that is elsewhere, without data. `parameters`: ParametersText of its store.
Status ExportLog(const LogFiles& log, const std::string& parameters, const std::string& to);

}  // namespace hedgerow::storage
