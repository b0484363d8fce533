// What an auditor asks of a log, answered from its files in pages of bounded size. Knows nothing of messages.
//
// Nothing here touches the store that is open: no lock, no wait for an update.
//
// Thread rule: any thread; blocks while files are read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "datasets/result.h"
#include "server/log_info.h"
#include "server/model_info.h"
#include "storage/evidence/log_files.h"

namespace hedgerow::server {

inline constexpr std::uint32_t kPageEntries = 1'024;
inline constexpr std::size_t kPageBytes = 1U << 20U;

LogHead HeadOf(const storage::LogFiles& log, const Model& model);
// At most `count` entries, and no more than a page holds. kUsage: none are wanted, or `first` is beyond the end.
Result<LogPage> ReadPage(const storage::LogFiles& log, std::uint64_t first, std::uint32_t count);
// Those of a request from `first` on, no more than a page holds. `directory` is the store's. kUsage: an id that can be
// none.
Result<LogPage> FindEntries(const storage::LogFiles& log, const std::string& directory, const std::string& request_id,
                            std::uint64_t first);
// The text of a receipt. kUnknownRecord: there is no such entry.
Result<std::string> ProveEntry(const storage::LogFiles& log, std::uint64_t index);
// `size` 0: all of the log. kUsage: sizes that the log has not come to, or in the wrong order.
Result<Consistency> ProveConsistency(const storage::LogFiles& log, std::uint64_t old_size, std::uint64_t size);
// kUsage: there is no such tile.
Result<std::string> ReadTile(const storage::LogFiles& log, unsigned level, std::uint64_t index);

}  // namespace hedgerow::server
