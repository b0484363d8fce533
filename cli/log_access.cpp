#include "cli/log_access.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/evidence/log_search.h"

namespace hedgerow::cli {
namespace {

// A log's files as a server gives them out. Keeps the bundle that was read last, since entries that are asked for one
// by one mostly stand together.
class ServerSource final : public storage::LogSource {
 public:
  ServerSource(std::shared_ptr<server::Client> client, std::string address)
      : client_(std::move(client)), address_(std::move(address)) {}

  const std::string& place() const override { return address_; }

  Result<std::string> ReadBundle(std::uint64_t index, std::uint64_t width) const override {
    if (last_width_ >= width && last_ == index) return bundle_;
    const std::uint64_t first = index * storage::kTileWidth;
    std::string bundle;
    for (std::uint64_t have = 0; have < width;) {
      const auto page = client_->ListLog(first + have, static_cast<std::uint32_t>(width - have));
      if (!page) return page.error();
      if (page->entries.empty() || page->entries.size() > width - have) return server::SenselessAnswer(address_);
      for (const auto& [at, entry] : page->entries) {
        if (at != first + have++ || entry.size() > storage::kMaxLogEntryBytes) return server::SenselessAnswer(address_);
        storage::AppendToBundle(entry, bundle);
      }
    }
    last_ = index;
    last_width_ = width;
    bundle_ = bundle;
    return bundle;
  }

  Result<std::string> ReadHashes(const storage::Tile& tile, std::uint64_t /*width*/) const override {
    return client_->LogTile(static_cast<std::uint8_t>(tile.level), tile.index);
  }

 private:
  const std::shared_ptr<server::Client> client_;
  const std::string address_;
  mutable std::uint64_t last_ = 0, last_width_ = 0;
  mutable std::string bundle_;
};

}  // namespace

Result<std::vector<std::uint64_t>> OpenedLog::EntriesOf(const std::string& request_id) const {
  if (!remote()) return storage::EntriesOf(files, directory, request_id);
  std::vector<std::uint64_t> found;
  for (std::uint64_t next = 0; next < files.size();) {
    const auto page = client->ShowRequest(request_id, next);
    if (!page) return page.error();
    if (page->entries.empty()) break;
    for (const auto& [index, entry] : page->entries) {
      if (index < next) return server::SenselessAnswer(address);
      if (index < files.size()) found.push_back(index);  // the log may have grown meanwhile
      next = index + 1;
    }
  }
  return found;
}

Result<OpenedLog> OpenLog(const Where& where) {
  if (!where.remote()) {
    auto files = storage::LogFiles::Open(where.store.directory);
    if (!files) return files.error();
    return OpenedLog{std::move(*files), where.store.directory, nullptr, {}, {}};
  }
  auto connected = ConnectTo(where);
  if (!connected) return connected.error();
  const std::shared_ptr<server::Client> client = std::move(*connected);
  auto head = client->Log();
  if (!head) return head.error();
  auto source = std::make_shared<ServerSource>(client, where.server.address);
  auto files = storage::LogFiles::From(source, head->checkpoint, fmt::format("{}", fmt::join(head->keys, "\n")));
  if (!files) return files.error();
  return OpenedLog{std::move(*files), "", client, where.server.address, std::move(head->parameters)};
}

}  // namespace hedgerow::cli
