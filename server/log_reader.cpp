#include "server/log_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "storage/evidence/log_search.h"

namespace hedgerow::server {

using storage::LogFiles;

namespace {

constexpr std::size_t kMostIdBytes = 128;
constexpr std::size_t kMostTileLevels = 8;  // of 8 bits each, for any 64-bit size

Error Beyond(const LogFiles& log, ErrorCode code) {
  return {code, fmt::format("the log has {} entries", log.size()), "", "entries count from 0"};
}

// A page that is being filled.
class PageFiller {
 public:
  PageFiller(const LogFiles& log, std::uint32_t count) : count_(std::min(count, kPageEntries)) {
    page_.size = log.size();
  }

  // For a visitor of entries: an error when there is no more room, which is none.
  Status Add(std::uint64_t index, std::string_view entry) {
    if (!page_.entries.empty() && bytes_ + entry.size() > kPageBytes) return Full();
    bytes_ += entry.size();
    page_.entries.emplace_back(index, entry);
    return page_.entries.size() == count_ ? Full() : Status();
  }

  // What failed before anything was read is what failed; after it, the next page tells.
  Result<LogPage> Take(const Status& status) {
    if (!status && page_.entries.empty()) return status.error();
    return std::move(page_);
  }

 private:
  static Status Full() { return Error{}; }

  const std::size_t count_;
  std::size_t bytes_ = 0;
  LogPage page_;
};

}  // namespace

LogHead HeadOf(const LogFiles& log, const Model& model) {
  LogHead head{log.note().ToText(), log.size(), {}, {}};
  for (const storage::NoteKey& key : log.keys()) head.keys.push_back(key.ToText());
  storage::ModelHeader header;
  header.parameters = model.parameters;
  header.schema = model.schema;
  head.parameters = storage::ParametersText(header);
  return head;
}

Result<LogPage> ReadPage(const LogFiles& log, std::uint64_t first, std::uint32_t count) {
  if (first > log.size()) return Beyond(log, ErrorCode::kUsage);
  if (count == 0) return Error{ErrorCode::kUsage, "no entries are asked for", "count", "ask for one at least"};
  PageFiller filler(log, count);
  const Status status =
      log.ForEach(first, [&](std::uint64_t index, std::string_view entry) { return filler.Add(index, entry); });
  return filler.Take(status);
}

Result<LogPage> FindEntries(const LogFiles& log, const std::string& directory, const std::string& request_id,
                            std::uint64_t first) {
  if (request_id.empty() || request_id.size() > kMostIdBytes) {
    return Error{ErrorCode::kUsage, "this cannot be the id of a request", "requestId",
                 fmt::format("give one of 1 to {} bytes", kMostIdBytes)};
  }
  PageFiller filler(log, kPageEntries);
  const Status status =
      storage::ForEachOf(log, directory, request_id, first,
                         [&](std::uint64_t index, std::string_view entry) { return filler.Add(index, entry); });
  return filler.Take(status);
}

Result<std::string> ProveEntry(const LogFiles& log, std::uint64_t index) {
  if (index >= log.size()) return Beyond(log, ErrorCode::kUnknownRecord);
  const Result<storage::Receipt> receipt = log.Prove(index, std::nullopt);
  if (!receipt) return receipt.error();
  return receipt->ToText();
}

Result<Consistency> ProveConsistency(const LogFiles& log, std::uint64_t old_size, std::uint64_t size) {
  if (size == 0) size = log.size();
  if (size > log.size()) return Beyond(log, ErrorCode::kUsage);
  if (old_size > size) {
    return Error{ErrorCode::kUsage, fmt::format("a log of {} entries continues none of {}", size, old_size), "oldSize",
                 "give the older log first"};
  }
  const auto proof = storage::ConsistencyProof(old_size, size, log.Subtrees());
  if (!proof) return proof.error();
  Consistency consistency{{}, size, size == log.size() ? log.note().ToText() : ""};
  for (const storage::Hash& hash : *proof) consistency.hashes.emplace_back(storage::BytesOf(hash));
  return consistency;
}

Result<std::string> ReadTile(const LogFiles& log, unsigned level, std::uint64_t index) {
  const bool possible = level < kMostTileLevels && index <= log.size() / storage::kTileWidth;
  if (possible && storage::WidthOf({level, index}, log.size()) != 0) return log.ReadTileFile({level, index});
  return Error{ErrorCode::kUsage, fmt::format("a log of {} entries has no such tile", log.size()), "",
               "see c2sp.org/tlog-tiles for the tiles that it has"};
}

}  // namespace hedgerow::server
