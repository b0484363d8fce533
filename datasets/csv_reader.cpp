#include "datasets/csv_reader.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <unordered_set>
#include <utility>

#include "datasets/csv_state.h"
#include "datasets/text.h"

namespace hedgerow::datasets {

std::string CsvOrigin::PlaceOf(std::uint64_t line, std::size_t column) const {
  return fmt::format("{}:{}:{}", path, line, column);
}

CsvReader::CsvReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

Result<CsvReader> CsvReader::Open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->origin = std::make_shared<CsvOrigin>(CsvOrigin{path == "-" ? "standard input" : path, {}});
  state->file.reset(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (state->file == nullptr) {
    return Error{ErrorCode::kIo, fmt::format("cannot open: {}", std::strerror(errno)), path, "check the path"};
  }
  std::error_code unknown;  // of a pipe, for one
  const std::uint64_t size = std::filesystem::file_size(path, unknown);
  state->total = unknown || path == "-" ? 0 : size;
  return ReadHeader(std::move(state));
}

Result<CsvReader> CsvReader::FromText(std::string text, std::string name) {
  auto state = std::make_unique<State>();
  state->origin = std::make_shared<CsvOrigin>(CsvOrigin{std::move(name), {}});
  state->buffer.assign(text.begin(), text.end());
  state->end = state->total = state->read = text.size();
  state->at_end = true;
  return ReadHeader(std::move(state));
}

Result<CsvReader> CsvReader::ReadHeader(std::unique_ptr<State> state) {
  State& s = *state;
  while (s.end < 3 && !s.at_end) {
    if (s.ReadBlock() == State::Outcome::kFailed) return *s.failure;
  }
  if (s.end >= 3 && std::memcmp(s.buffer.data(), "\xef\xbb\xbf", 3) == 0) s.begin = 3;
  const State::Outcome outcome = s.NextRecord();
  if (outcome == State::Outcome::kFailed) return *s.failure;
  if (outcome == State::Outcome::kEnd) {
    return Error{ErrorCode::kBadInput, "the file is empty", s.origin->path,
                 "start it with a header line of column names"};
  }
  s.origin = std::make_shared<CsvOrigin>(CsvOrigin{s.origin->path, {s.fields.begin(), s.fields.end()}});
  CsvReader reader(std::move(state));
  std::unordered_set<std::string_view> names;
  for (std::size_t i = 0; i < s.header().size(); ++i) {
    const std::string& name = s.header()[i];
    if (!name.empty() && names.insert(name).second) continue;
    std::string message = "a column without a name";
    if (!name.empty()) message = fmt::format("the column '{}' comes twice", Excerpt(name, 100));
    return Error{ErrorCode::kBadInput, message, reader.PlaceOf(i + 1), "give each column a name of its own"};
  }
  return reader;
}

CsvReader CsvReader::OfChunk(CsvChunk chunk) {
  auto state = std::make_unique<State>();
  state->origin = std::move(chunk.origin);
  state->buffer = std::move(chunk.text);
  state->end = state->total = state->read = state->buffer.size();
  state->at_end = true;
  state->line = state->last_line = chunk.line;
  return CsvReader(std::move(state));
}

const std::vector<std::string>& CsvReader::header() const {
  return state_->header();
}

Result<std::span<const std::string_view>> CsvReader::Next() {
  const State::Outcome outcome = state_->NextRecord();
  if (outcome == State::Outcome::kFailed) return *state_->failure;
  if (outcome == State::Outcome::kEnd) return std::span<const std::string_view>();
  return std::span<const std::string_view>(state_->fields);
}

Result<CsvChunk> CsvReader::NextChunk(std::size_t bytes) {
  return state_->NextChunk(bytes);
}

const CsvOrigin& CsvReader::origin() const {
  return *state_->origin;
}

std::uint64_t CsvReader::line() const {
  return state_->last_line;
}

std::string CsvReader::PlaceOf(std::size_t column) const {
  return state_->origin->PlaceOf(state_->last_line, column);
}

std::uint64_t CsvReader::bytes_read() const {
  return state_->read - (state_->end - state_->begin);
}
std::uint64_t CsvReader::bytes_total() const {
  return state_->total;
}

}  // namespace hedgerow::datasets
