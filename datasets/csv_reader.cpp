#include "datasets/csv_reader.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "datasets/text.h"

namespace hedgerow::datasets {
namespace {

constexpr std::size_t kBlock = 1 << 20;

// The characters at which a bare field stops.
constexpr std::array<bool, 256> MakeStops() {
  std::array<bool, 256> stops{};
  for (const char c : {',', '\n', '\r', '"', '\0'}) stops[static_cast<unsigned char>(c)] = true;
  return stops;
}
constexpr std::array<bool, 256> kStops = MakeStops();

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

  enum class Outcome : std::uint8_t { kRecord, kMore, kEnd, kFailed };

  Error At(std::string message, std::string remedy, std::size_t column) {
    return {ErrorCode::kBadInput, std::move(message), fmt::format("{}:{}:{}", path, line, column), std::move(remedy)};
  }
  Outcome Fail(Error error) {
    failure = std::move(error);
    return Outcome::kFailed;
  }
  Outcome Fail(std::string message, std::string remedy) {
    return Fail(At(std::move(message), std::move(remedy), fields.size() + 1));
  }

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
  std::memmove(buffer.data(), buffer.data() + begin, end - begin);
  end -= begin;
  begin = 0;
  if (buffer.size() - end < kBlock) buffer.resize(std::max(buffer.size() * 2, end + kBlock));
  const std::size_t got = std::fread(buffer.data() + end, 1, buffer.size() - end, file.get());
  if (got == 0) {
    if (std::ferror(file.get()) != 0) {
      return Fail({ErrorCode::kIo, fmt::format("cannot read on: {}", std::strerror(errno)), path, "check the file"});
    }
    at_end = true;
  }
  end += got;
  read += got;
  return Outcome::kMore;
}

// A quoted field; `at` stands on its first quote, and then behind its last one.
CsvReader::State::Outcome CsvReader::State::Quoted(std::size_t& at) {
  const std::size_t first = at + 1;
  bool has_escapes = false;
  std::size_t from = first;
  while (true) {
    const void* found = std::memchr(buffer.data() + from, '"', end - from);
    if (found == nullptr) {
      if (end - first > kMaxFieldBytes) {
        return Fail(fmt::format("a quoted field is longer than {} bytes", kMaxFieldBytes),
                    "close its quote, or shorten it");
      }
      if (!at_end) return Outcome::kMore;
      return Fail("a quoted field is never closed", "add the closing quote");
    }
    const auto quote = static_cast<std::size_t>(static_cast<const char*>(found) - buffer.data());
    if (quote + 1 == end && !at_end) return Outcome::kMore;
    if (quote + 1 < end && buffer[quote + 1] == '"') {
      has_escapes = true;
      from = quote + 2;
      continue;
    }
    at = quote + 1;
    if (quote - first > kMaxFieldBytes) {
      return Fail(fmt::format("a quoted field is longer than {} bytes", kMaxFieldBytes), "shorten it");
    }
    if (has_escapes) escaped.push_back(fields.size());
    fields.emplace_back(buffer.data() + first, quote - first);
    return Outcome::kRecord;
  }
}

CsvReader::State::Outcome CsvReader::State::Bare(std::size_t& at) {
  const std::size_t first = at;
  while (at < end && !kStops[static_cast<unsigned char>(buffer[at])]) ++at;
  if (at - first > kMaxFieldBytes) {
    return Fail(fmt::format("a field is longer than {} bytes", kMaxFieldBytes), "shorten it");
  }
  if (at == end && !at_end) return Outcome::kMore;
  if (at < end && buffer[at] == '"') {
    return Fail("a quote stands within a field that is not quoted", "quote the whole field and double the quotes in it");
  }
  fields.emplace_back(buffer.data() + first, at - first);
  return Outcome::kRecord;
}

// Parses one record from `begin`. With kMore the buffer ends too early, and the record is parsed again from its
// start when more is there.
CsvReader::State::Outcome CsvReader::State::ParseRecord() {
  fields.clear();
  escaped.clear();
  std::size_t at = begin;
  if (at == end) return at_end ? Outcome::kEnd : Outcome::kMore;
  while (true) {
    const bool quoted = at < end && buffer[at] == '"';
    const Outcome outcome = quoted ? Quoted(at) : Bare(at);
    if (outcome != Outcome::kRecord) return outcome;
    if (fields.size() > kMaxColumns) return Fail(fmt::format("more than {} columns", kMaxColumns), "use fewer columns");
    if (at == end) {
      if (!at_end) return Outcome::kMore;
      break;
    }
    const char c = buffer[at++];
    if (c == ',') {
      if (at == end && !at_end) return Outcome::kMore;
      continue;
    }
    if (c == '\n') break;
    if (c == '\r') {
      if (at == end && !at_end) return Outcome::kMore;
      if (at == end || buffer[at] == '\n') {
        at = std::min(at + 1, end);
        break;
      }
      return Fail("a carriage return without a line feed", "end lines with LF or CRLF, or quote the field");
    }
    if (c == '\0') return Fail("a zero byte", "save the file as UTF-8 text");
    return Fail("text after a closing quote", "double the quotes within a quoted field");
  }
  return CheckRecord(at);
}

CsvReader::State::Outcome CsvReader::State::CheckRecord(std::size_t record_end) {
  const char* first = buffer.data() + begin;
  const char* last = buffer.data() + record_end;
  const bool has_quotes = std::memchr(first, '"', record_end - begin) != nullptr;
  if (has_quotes || HasHighBit(first, last)) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const bool zero = fields[i].find('\0') != std::string_view::npos;
      if (!zero && ValidUtf8(fields[i])) continue;
      return Fail(At(zero ? "a zero byte" : "bytes that are not UTF-8", "save the file as UTF-8 text", i + 1));
    }
  }
  if (!header.empty() && fields.size() != header.size() && !(fields.size() == 1 && fields[0].empty())) {
    const std::size_t column = std::min(fields.size(), header.size()) + (fields.size() > header.size() ? 1 : 0);
    return Fail(At(fmt::format("a record of {} fields where the header has {}", fields.size(), header.size()),
                   "give every record as many fields as the header", column));
  }
  last_line = line;
  line += has_quotes ? static_cast<std::uint64_t>(std::count(first, last, '\n')) : 1;
  begin = record_end;
  Unescape();
  return Outcome::kRecord;
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
    const bool blank = outcome == Outcome::kRecord && fields.size() == 1 && fields[0].empty() && header.size() != 1;
    if (outcome != Outcome::kMore && !blank) return outcome;
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
  struct stat status {};
  if (fstat(fileno(state->file.get()), &status) == 0 && S_ISREG(status.st_mode)) {
    state->total = static_cast<std::uint64_t>(status.st_size);
  }
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
  std::unordered_set<std::string_view> names;
  s.line = s.last_line;
  for (std::size_t i = 0; i < s.fields.size(); ++i) {
    if (s.fields[i].empty()) return s.At("a column without a name", "name every column in the header line", i + 1);
    if (!names.insert(s.fields[i]).second) {
      return s.At(fmt::format("the column '{}' comes twice", s.fields[i].substr(0, 100)), "give each column a name of its own", i + 1);
    }
  }
  s.line = 1 + static_cast<std::uint64_t>(std::count(s.buffer.data(), s.buffer.data() + s.begin, '\n'));
  s.header.assign(s.fields.begin(), s.fields.end());
  return CsvReader(std::move(state));
}

const std::vector<std::string>& CsvReader::header() const { return state_->header; }

Result<std::span<const std::string_view>> CsvReader::Next() {
  const State::Outcome outcome = state_->NextRecord();
  if (outcome == State::Outcome::kFailed) return *state_->failure;
  if (outcome == State::Outcome::kEnd) return std::span<const std::string_view>();
  return std::span<const std::string_view>(state_->fields);
}

std::uint64_t CsvReader::line() const { return state_->last_line; }

std::string CsvReader::PlaceOf(std::size_t column) const {
  return fmt::format("{}:{}:{}", state_->path, state_->last_line, column);
}

std::uint64_t CsvReader::bytes_read() const { return state_->read - (state_->end - state_->begin); }
std::uint64_t CsvReader::bytes_total() const { return state_->total; }

}  // namespace hedgerow::datasets
