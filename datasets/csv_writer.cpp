#include "datasets/csv_writer.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace hedgerow::datasets {
namespace {

constexpr std::size_t kFlushAt = 1 << 16;

}  // namespace

Result<CsvWriter> CsvWriter::Open(const std::string& path) {
  if (path == "-") return CsvWriter("", "", stdout);
  std::error_code ignored;
  const bool direct = std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored);
  const std::string part = direct ? "" : path + ".part";
  std::FILE* file = std::fopen(direct ? path.c_str() : part.c_str(), "wb");
  if (file == nullptr) {
    return Error{ErrorCode::kIo, fmt::format("cannot write: {}", std::strerror(errno)), path,
                 "check the folder and its permissions"};
  }
  return CsvWriter(path, part, file);
}

CsvWriter::CsvWriter(std::string path, std::string part, std::FILE* file)
    : path_(std::move(path)), part_(std::move(part)), file_(file) {}

CsvWriter::CsvWriter(CsvWriter&& other) noexcept {
  *this = std::move(other);
}

CsvWriter& CsvWriter::operator=(CsvWriter&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(part_, other.part_);
  std::swap(file_, other.file_);
  std::swap(buffer_, other.buffer_);
  std::swap(first_, other.first_);
  std::swap(error_, other.error_);
  return *this;
}

CsvWriter::~CsvWriter() {
  if (file_ == nullptr || file_ == stdout) return;
  std::fclose(file_);
  if (!part_.empty()) std::remove(part_.c_str());
}

void CsvWriter::Fail() {
  if (error_ == 0) error_ = errno != 0 ? errno : EIO;
}

void CsvWriter::Flush() {
  if (std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) Fail();
  buffer_.clear();
}

void CsvWriter::Field(std::string_view text) {
  if (!first_) buffer_.push_back(',');
  first_ = false;
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    buffer_.append(text);
    return;
  }
  buffer_.push_back('"');
  for (const char c : text) {
    if (c == '"') buffer_.push_back('"');
    buffer_.push_back(c);
  }
  buffer_.push_back('"');
}

void CsvWriter::Field(double value) {
  Field(std::string_view(fmt::format("{}", value)));
}
void CsvWriter::Field(std::uint64_t value) {
  Field(std::string_view(fmt::format_int(value).c_str()));
}

void CsvWriter::EndRecord() {
  buffer_.push_back('\n');
  first_ = true;
  if (buffer_.size() >= kFlushAt) Flush();
}

Status CsvWriter::Close() {
  HEDGEROW_CHECK(file_ != nullptr, "a CSV writer is closed twice");
  Flush();
  std::FILE* file = std::exchange(file_, nullptr);
  if (std::fflush(file) != 0) Fail();
  if (file != stdout && std::fclose(file) != 0) Fail();
  if (!part_.empty()) {
    if (error_ == 0 && std::rename(part_.c_str(), path_.c_str()) != 0) Fail();
    if (error_ != 0) std::remove(part_.c_str());
  }
  if (error_ == 0) return {};
  return Error{ErrorCode::kIo, fmt::format("cannot write: {}", std::strerror(error_)),
               file == stdout ? "standard output" : path_, "check the free space and the permissions"};
}

}  // namespace hedgerow::datasets
