#include "datasets/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <unordered_set>
#include <utility>

#include "datasets/text.h"

namespace hedgerow::datasets {
namespace {

constexpr std::size_t kBlock = 1 << 20;

// The characters at which a bare field stops.
constexpr std::array<bool, 256> kStops = [] {
  std::array<bool, 256> stops{};
  for (const char c : {',', '\n', '\r', '"', '\0'}) stops[static_cast<unsigned char>(c)] = true;
  return stops;
}();

bool HasHighBit(const char* begin, const char* end) {
  unsigned char any = 0;
  for (; begin != end; ++begin) any = static_cast<unsigned char>(any | static_cast<unsigned char>(*begin));
  return any >= 0x80;
}

struct FileCloser {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

}  // namespace

struct CsvReader::State {
  std::string path;
  std::unique_ptr<std::FILE, FileCloser> file;  // none: everything is in the buffer
  std::vector<char> buffer;
  std::size_t begin = 0;  // of what has not been handed out
  std::size_t end = 0;    // of what has been read
  bool at_end = false;    // nothing follows `end`
  std::uint64_t total = 0;
  std::uint64_t read = 0;
  std::uint64_t line = 1;       // where the next record begins
  std::uint64_t last_line = 1;  // where the last one began
  std::vector<std::string> header;
  std::vector<std::string_view> fields;
  std::vector<std::size_t> escaped;  // fields with doubled quotes in them
  std::optional<Error> failure;

  enum class Outcome : std::uint8_t { kRecord, kBlank, kMore, kEnd, kFailed };

  // Blames field `column`. `at` is a position on the line to be named: within the record that begins at `begin`, since
  // a quoted field before it may hold line breaks.
  Outcome Fail(std::string message, std::string remedy, std::size_t column, std::size_t at) {
    const std::uint64_t at_line = line + CountLines(begin, at);
    failure = {ErrorCode::kBadInput, std::move(message), fmt::format("{}:{}:{}", path, at_line, column),
               std::move(remedy)};
    return Outcome::kFailed;
  }
  std::uint64_t CountLines(std::size_t from, std::size_t to) const {
    return static_cast<std::uint64_t>(std::count(buffer.data() + from, buffer.data() + to, '\n'));
  }
  Outcome TooLong(std::size_t at);
  Outcome ReadBlock();
  Outcome ParseRecord();
  Outcome Quoted(std::size_t& at);
  Outcome Bare(std::size_t& at);
  Outcome CheckRecord(std::size_t record_end);
  void Unescape();
  Outcome NextRecord();
};

// Reads on, keeping what has not been handed out.
CsvReader::State::Outcome CsvReader::State::ReadBlock() {
  if (begin > 0) std::memmove(buffer.data(), buffer.data() + begin, end - begin);
  end -= begin;
  begin = 0;
  // Of a small file no more than it has, and a byte to see its end.
  const std::size_t block = total == 0 ? kBlock : std::min<std::size_t>(kBlock, total - std::min(total, read) + 1);
  if (buffer.size() - end < block) buffer.resize(std::max(buffer.size() * 2, end + block));
  const std::size_t got = std::fread(buffer.data() + end, 1, buffer.size() - end, file.get());
  if (got == 0) {
    if (std::ferror(file.get()) != 0) {
      failure = {ErrorCode::kIo, fmt::format("cannot read: {}", std::strerror(errno)), path, "check the file"};
      return Outcome::kFailed;
    }
    at_end = true;
  }
  end += got;
  read += got;
  return Outcome::kMore;
}

// The next field, which begins at `at`, is too long.
CsvReader::State::Outcome CsvReader::State::TooLong(std::size_t at) {
  return Fail(fmt::format("a field above {} KiB", kMaxFieldBytes / 1024), "shorten it, or look for a stray quote",
              fields.size() + 1, at);
}

// A quoted field; `at` stands on its first quote, and then behind its last one.
CsvReader::State::Outcome CsvReader::State::Quoted(std::size_t& at) {
  const std::size_t first = at + 1;
  std::size_t escapes = 0;
  std::size_t from = first;
  while (true) {
    const void* found = std::memchr(buffer.data() + from, '"', end - from);
    if (found == nullptr) {
      if (end - first - escapes > kMaxFieldBytes) return TooLong(at);
      if (!at_end) return Outcome::kMore;
      return Fail("a quoted field is never closed", "close the quote that opens here", fields.size() + 1, at);
    }
    const auto quote = static_cast<std::size_t>(static_cast<const char*>(found) - buffer.data());
    if (quote - first - escapes > kMaxFieldBytes) return TooLong(at);
    if (quote + 1 == end && !at_end) return Outcome::kMore;
    if (quote + 1 < end && buffer[quote + 1] == '"') {
      ++escapes;
      from = quote + 2;
      continue;
    }
    if (escapes > 0) escaped.push_back(fields.size());
    fields.emplace_back(buffer.data() + first, quote - first);
    at = quote + 1;
    return Outcome::kRecord;
  }
}

CsvReader::State::Outcome CsvReader::State::Bare(std::size_t& at) {
  const std::size_t first = at;
  while (at < end && !kStops[static_cast<unsigned char>(buffer[at])]) ++at;
  if (at - first > kMaxFieldBytes) return TooLong(first);
  if (at == end && !at_end) return Outcome::kMore;
  if (at < end && buffer[at] == '"') {
    return Fail("a quote within a field that is not quoted", "quote the whole field and double the quotes in it",
                fields.size() + 1, at);
  }
  fields.emplace_back(buffer.data() + first, at - first);
  return Outcome::kRecord;
}

// Parses one record from `begin`; after kMore it is parsed again from its start when more has been read.
CsvReader::State::Outcome CsvReader::State::ParseRecord() {
  fields.clear();
  escaped.clear();
  std::size_t at = begin;
  if (at == end) return at_end ? Outcome::kEnd : Outcome::kMore;
  while (true) {
    const Outcome outcome = at < end && buffer[at] == '"' ? Quoted(at) : Bare(at);
    if (outcome != Outcome::kRecord) return outcome;
    if (fields.size() > kMaxColumns) {
      return Fail(fmt::format("a record of more than {} fields", kMaxColumns), "use fewer columns", fields.size(), at);
    }
    if (at == end) {
      if (!at_end) return Outcome::kMore;
      break;
    }
    const char c = buffer[at];  // fields.size() is by now the number of the field before it
    if ((c == ',' || c == '\r') && at + 1 == end && !at_end) return Outcome::kMore;
    const bool crlf = c == '\r' && at + 1 < end && buffer[at + 1] == '\n';
    if (c == ',' || c == '\n' || crlf) {
      at += crlf ? 2 : 1;
      if (c == ',') continue;
      break;
    }
    if (c == '\r') return Fail("a carriage return without a line feed", "end lines with LF", fields.size(), at);
    if (c == '\0') return Fail("a zero byte", "save the file as UTF-8 text", fields.size(), at);
    return Fail("text after a closing quote", "double the quotes within a quoted field", fields.size(), at);
  }
  return CheckRecord(at);
}

// Checks the record that reaches from `begin` to `record_end` and passes over it.
CsvReader::State::Outcome CsvReader::State::CheckRecord(std::size_t record_end) {
  const bool has_quotes = std::memchr(buffer.data() + begin, '"', record_end - begin) != nullptr;
  if (has_quotes || HasHighBit(buffer.data() + begin, buffer.data() + record_end)) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const bool zero = fields[i].find('\0') != std::string_view::npos;
      if (!zero && ValidUtf8(fields[i])) continue;
      return Fail(zero ? "a zero byte" : "bytes that are not UTF-8", "save the file as UTF-8 text", i + 1,
                  static_cast<std::size_t>(fields[i].data() - buffer.data()));
    }
  }
  const bool blank = fields.size() == 1 && fields[0].empty() && !has_quotes && header.size() != 1;
  if (!blank && !header.empty() && fields.size() != header.size()) {
    const std::size_t column = std::min(fields.size(), header.size() + 1);
    return Fail(fmt::format("expected as many fields as the header has ({}), found {}", header.size(), fields.size()),
                "give each record a field a column; quote fields with commas", column, begin);
  }
  last_line = line;
  line += has_quotes ? CountLines(begin, record_end) : 1;
  begin = record_end;
  Unescape();
  return blank ? Outcome::kBlank : Outcome::kRecord;
}

// Two quotes stand for one.
void CsvReader::State::Unescape() {
  for (const std::size_t i : escaped) {
    char* const first = buffer.data() + (fields[i].data() - buffer.data());
    char* target = first;
    for (std::size_t k = 0; k < fields[i].size(); ++k) {
      *target++ = first[k];
      if (first[k] == '"') ++k;
    }
    fields[i] = {first, static_cast<std::size_t>(target - first)};
  }
}

CsvReader::State::Outcome CsvReader::State::NextRecord() {
  while (!failure) {
    Outcome outcome = ParseRecord();
    if (outcome == Outcome::kMore) outcome = ReadBlock();
    if (outcome != Outcome::kMore && outcome != Outcome::kBlank) return outcome;
  }
  return Outcome::kFailed;
}

CsvReader::CsvReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

Result<CsvReader> CsvReader::Open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path == "-" ? "standard input" : path;
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
  state->path = std::move(name);
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
    return Error{ErrorCode::kBadInput, "the file is empty", s.path, "start it with a header line of column names"};
  }
  s.header.assign(s.fields.begin(), s.fields.end());
  CsvReader reader(std::move(state));
  std::unordered_set<std::string_view> names;
  for (std::size_t i = 0; i < s.header.size(); ++i) {
    const std::string& name = s.header[i];
    if (!name.empty() && names.insert(name).second) continue;
    std::string message = "a column without a name";
    if (!name.empty()) message = fmt::format("the column '{}' comes twice", Excerpt(name, 100));
    return Error{ErrorCode::kBadInput, message, reader.PlaceOf(i + 1), "give each column a name of its own"};
  }
  return reader;
}

const std::vector<std::string>& CsvReader::header() const {
  return state_->header;
}

Result<std::span<const std::string_view>> CsvReader::Next() {
  const State::Outcome outcome = state_->NextRecord();
  if (outcome == State::Outcome::kFailed) return *state_->failure;
  if (outcome == State::Outcome::kEnd) return std::span<const std::string_view>();
  return std::span<const std::string_view>(state_->fields);
}

std::uint64_t CsvReader::line() const {
  return state_->last_line;
}

std::string CsvReader::PlaceOf(std::size_t column) const {
  return fmt::format("{}:{}:{}", state_->path, state_->last_line, column);
}

std::uint64_t CsvReader::bytes_read() const {
  return state_->read - (state_->end - state_->begin);
}
std::uint64_t CsvReader::bytes_total() const {
  return state_->total;
}

}  // namespace hedgerow::datasets
