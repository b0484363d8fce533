#include "datasets/csv_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

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

}  // namespace

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
      failure = {ErrorCode::kIo, fmt::format("cannot read: {}", std::strerror(errno)), origin->path, "check the file"};
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

CsvReader::State::Outcome CsvReader::State::ParseFields(std::size_t& record_end) {
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
  record_end = at;
  return Outcome::kRecord;
}

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
  const bool blank = fields.size() == 1 && fields[0].empty() && !has_quotes && header().size() != 1;
  if (!blank && !header().empty() && fields.size() != header().size()) {
    const std::size_t column = std::min(fields.size(), header().size() + 1);
    return Fail(fmt::format("expected as many fields as the header has ({}), found {}", header().size(), fields.size()),
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
    std::size_t record_end = begin;
    Outcome outcome = ParseFields(record_end);
    if (outcome == Outcome::kRecord) outcome = CheckRecord(record_end);
    if (outcome == Outcome::kMore) outcome = ReadBlock();
    if (outcome != Outcome::kMore && outcome != Outcome::kBlank) return outcome;
  }
  return Outcome::kFailed;
}

// Behind the last line feed before `limit` that is no part of a quoted field, or `begin`. A line feed ends a record
// when an even number of quotes stands before it: a quoted field has one quote at either end, and two for each within.
// This is true up to the first error, and what comes behind an error is of no account.
std::size_t CsvReader::State::LastRecordEnd(std::size_t limit) const {
  bool quoted = std::count(buffer.data() + begin, buffer.data() + limit, '"') % 2 != 0;
  for (std::size_t at = limit; at > begin; --at) {
    if (buffer[at - 1] == '"') quoted = !quoted;
    if (buffer[at - 1] == '\n' && !quoted) return at;
  }
  return begin;
}

Result<CsvChunk> CsvReader::State::NextChunk(std::size_t bytes) {
  while (end - begin < bytes && !at_end && !failure) ReadBlock();
  const bool all = at_end && end - begin <= bytes;
  std::size_t until = all ? end : LastRecordEnd(begin + std::min(bytes, end - begin));
  if (until == begin) {
    // A record that is larger than the chunk, or that has an error behind which quotes tell nothing.
    Outcome outcome = ParseFields(until);
    while (outcome == Outcome::kMore) {
      if (failure) return *failure;
      ReadBlock();
      outcome = ParseFields(until);
    }
    if (outcome != Outcome::kRecord) until = end;  // the chunk's reader will find the same error; or there is no more
  }
  CsvChunk chunk{origin, {buffer.data() + begin, buffer.data() + until}, line};
  line += CountLines(begin, until);
  begin = until;
  return chunk;
}

}  // namespace hedgerow::datasets
