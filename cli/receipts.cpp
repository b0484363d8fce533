#include "cli/receipts.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace hedgerow::cli {
namespace {

namespace fs = std::filesystem;

std::string Numbered(const std::string& path, std::size_t number, std::size_t count) {
  if (count <= 1) return path;
  const fs::path whole(path);
  return (whole.parent_path() / fmt::format("{}-{}{}", whole.stem().string(), number, whole.extension().string()))
      .string();
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

Result<std::vector<std::string>> WriteReceipts(const std::vector<std::string>& receipts, const std::string& path) {
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    paths.push_back(Numbered(path, i + 1, receipts.size()));
    if (Status status = WriteReceipt(paths.back(), receipts[i]); !status) return status.error();
  }
  return paths;
}

}  // namespace hedgerow::cli
