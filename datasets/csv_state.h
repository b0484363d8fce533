// What a CSV reader has of its source, and the parsing of it: the inside of csv_reader.h.
//
// Thread rule: one thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datasets/csv_reader.h"

namespace hedgerow::datasets {

struct FileCloser {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

struct CsvReader::State {
  std::shared_ptr<const CsvOrigin> origin;
  std::unique_ptr<std::FILE, FileCloser> file;  // none: everything is in the buffer
  std::vector<char> buffer;
  std::size_t begin = 0;  // of what has not been handed out
  std::size_t end = 0;    // of what has been read
  bool at_end = false;    // nothing follows `end`
  std::uint64_t total = 0;
  std::uint64_t read = 0;
  std::uint64_t line = 1;       // where the next record begins
  std::uint64_t last_line = 1;  // where the last one began
  std::vector<std::string_view> fields;
  std::vector<std::size_t> escaped;  // fields with doubled quotes in them
  std::optional<Error> failure;

  enum class Outcome : std::uint8_t { kRecord, kBlank, kMore, kEnd, kFailed };

  // Blames field `column`. `at` is a position on the line to be named: within the record that begins at `begin`, since
  // a quoted field before it may hold line breaks.
  Outcome Fail(std::string message, std::string remedy, std::size_t column, std::size_t at) {
    const std::uint64_t at_line = line + CountLines(begin, at);
    failure = {ErrorCode::kBadInput, std::move(message), origin->PlaceOf(at_line, column), std::move(remedy)};
    return Outcome::kFailed;
  }
  const std::vector<std::string>& header() const { return origin->header; }
  std::uint64_t CountLines(std::size_t from, std::size_t to) const {
    return static_cast<std::uint64_t>(std::count(buffer.data() + from, buffer.data() + to, '\n'));
  }
  Outcome TooLong(std::size_t at);
  Outcome ReadBlock();
  // The fields of the record at `begin`, and where it ends. After kMore it is parsed again from its start when more has
  // been read.
  Outcome ParseFields(std::size_t& record_end);
  Outcome Quoted(std::size_t& at);
  Outcome Bare(std::size_t& at);
  // Checks that record and passes over it.
  Outcome CheckRecord(std::size_t record_end);
  void Unescape();
  Outcome NextRecord();
  std::size_t LastRecordEnd(std::size_t limit) const;
  Result<CsvChunk> NextChunk(std::size_t bytes);
};

}  // namespace hedgerow::datasets
