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

class CsvReader {
 public:
  // Opens a file ("-": standard input) and reads its header. kIo if it cannot be read; kBadInput if it is empty,
  // or the header has an empty or a repeated name. Errors call the source `path`.
  static Result<CsvReader> Open(const std::string& path);
  // The same from memory, for tests and fuzzing; the text is copied.
  static Result<CsvReader> FromText(std::string text, std::string name);

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
