// A streaming CSV reader (RFC 4180): quotes, doubled quotes, commas and line breaks within quotes, CRLF and LF, a
// UTF-8 byte order mark, a header line.
//
// Knows nothing of schemas. Reads in large blocks and hands out views into them, so a file of any size needs the
// memory of its longest record. Every error names the file, the line and the column of the offending field.
//
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/result.h"

namespace hedgerow::datasets {

inline constexpr std::size_t kMaxFieldBytes = 64 * 1024;
inline constexpr std::size_t kMaxColumns = 8192;

// Where records come from: what the errors call the source, and its column names.
struct CsvOrigin {
  std::string path;
  std::vector<std::string> header;

  // "people.csv:12:3"
  std::string PlaceOf(std::uint64_t line, std::size_t column) const;
};

// Some whole records as they stand in the source, the first of them at `line`.
struct CsvChunk {
  std::shared_ptr<const CsvOrigin> origin;
  std::vector<char> text;
  std::uint64_t line = 1;
};

class CsvReader {
 public:
  // Opens a file ("-": standard input) and reads its header. kIo if it cannot be read; kBadInput if it is empty,
  // or the header has an empty or a repeated name. Errors call the source `path`.
  static Result<CsvReader> Open(const std::string& path);
  // The same from memory, for tests and fuzzing; the text is copied.
  static Result<CsvReader> FromText(std::string text, std::string name);

  // The records of a chunk, with the errors and places that the reader which gave it would have told.
  static CsvReader OfChunk(CsvChunk chunk);

  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;
  ~CsvReader();

  // The column names, in their order.
  const std::vector<std::string>& header() const;

  // The next record's fields, one a column, or an empty span at the end. The views hold until the next call.
  // kBadInput: a ragged row, a quote never closed, a quote within a bare field, text after a closing quote, a bare
  // carriage return, a NUL or invalid UTF-8, a field above kMaxFieldBytes. A failed reader stays failed.
  // A line without any character is skipped where there is more than one column.
  Result<std::span<const std::string_view>> Next();

  // The next records unread, for another reader on another thread: of about so many bytes, or of one record if that is
  // larger; no text at the end. kIo only: what is wrong with a record its own reader finds. Behind a chunk whose reader
  // fails nothing means anything.
  Result<CsvChunk> NextChunk(std::size_t bytes);

  const CsvOrigin& origin() const;
  // The line (from 1) where the last record began.
  std::uint64_t line() const;
  // "people.csv:12:3": the last record's line and a column's number from 1, to blame a field.
  std::string PlaceOf(std::size_t column) const;
  // Bytes read so far, and the size of the source if it is known (else 0): for progress.
  std::uint64_t bytes_read() const;
  std::uint64_t bytes_total() const;

 private:
  struct State;
  explicit CsvReader(std::unique_ptr<State> state);
  static Result<CsvReader> ReadHeader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hedgerow::datasets
