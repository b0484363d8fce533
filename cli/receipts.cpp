#include "cli/receipts.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "storage/evidence/log_files.h"

namespace hedgerow::cli {
namespace {

namespace fs = std::filesystem;

std::string Numbered(const std::string& path, std::size_t number, std::size_t count) {
  if (count <= 1) return path;
  const fs::path whole(path);
  return (whole.parent_path() / fmt::format("{}-{}{}", whole.stem().string(), number, whole.extension().string()))
      .string();
}

std::uint64_t PlaceOf(const storage::StagePlaces& places, storage::Stage stage) {
  if (stage == storage::Stage::kErased && places.erased != 0) return places.erased;
  if (stage >= storage::Stage::kExact && places.exact != 0) return places.exact;
  return places.accepted;
}

}  // namespace

Status WriteReceipt(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  std::error_code error;
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, error);
  if (file << text && file.flush()) return {};
  return Error{ErrorCode::kIo, "the receipt cannot be written", path,
               "what was asked is done; write another one with 'hedgerow audit prove'"};
}

Result<std::vector<std::string>> WriteReceipts(OpenStore& store, const storage::Outcome& outcome, storage::Stage stage,
                                               const std::string& path) {
  if (outcome.sequence == 0) {
    return Error{ErrorCode::kUsage, "there was nothing to do, so there is no receipt", "--receipt",
                 "ask for a receipt of the earlier request with 'hedgerow audit prove'"};
  }
  if (Status status = store->PublishLog(); !status) return status.error();
  const auto places = store->LogPlaces(outcome.sequence);
  if (!places) return places.error();
  if (!*places || (*places)->accepted == 0) {
    return Error{ErrorCode::kUsage, "the request is older than the log, so there is no receipt", "--receipt",
                 "the journal knows of it: 'hedgerow status'"};
  }
  const auto log = storage::LogFiles::Open(store.directory);
  if (!log) return log.error();
  std::vector<std::string> paths;
  const std::size_t count = std::max<std::size_t>(outcome.commitment.size(), 1);
  for (std::size_t i = 0; i < count; ++i) {
    std::optional<storage::Opening> opening;
    if (!outcome.commitment.empty()) opening = outcome.commitment.Open(i);
    const auto receipt = log->Prove(PlaceOf(**places, stage) - 1, opening);
    if (!receipt) return receipt.error();
    paths.push_back(Numbered(path, i + 1, count));
    if (Status status = WriteReceipt(paths.back(), receipt->ToText()); !status) return status.error();
  }
  return paths;
}

}  // namespace hedgerow::cli
