// From CSV and schema to encoded records.
//
// Columns are found by name, in any order; other columns are ignored. Numbers are decimal floating point ("1e3",
// "-.5"); infinities, NaN and hexadecimal are refused. An empty field is a missing value. Messages never quote a
// field of a record: they name its place.
//
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datasets/csv_reader.h"
#include "datasets/record_encoder.h"
#include "datasets/schema.h"
#include "datasets/seen_ids.h"
#include "datasets/table.h"

namespace hedgerow::datasets {

// Runs body(0) ... body(n - 1), each once, in any order on up to `threads` threads, and returns when all are done.
struct ParallelLoop {
  unsigned threads = 1;
  std::function<void(std::size_t n, const std::function<void(std::size_t)>& body)> run = {};  // needed for two or more
};

using ReadProgress = std::function<void(std::uint64_t bytes, std::uint64_t total)>;

class TableReader {
 public:
  // kBadInput, with a spelling suggestion, if a feature (or the label, or a named id column) is not in the header.
  static Result<TableReader> Make(CsvReader csv, const Schema& schema, TableOptions options);

  // Appends up to `limit` records; the number appended, 0 at the end. kBadInput names the place: a number that is
  // none, a class not in the schema, an id that is no integer from 0 to 2^64 - 1, an id that came before (in this
  // file; names both lines), a subject that is too long. The table then holds the records before it.
  Result<std::size_t> Read(Table& table, std::size_t limit);

  // All records that are left: those that Read would give, or the error that it would meet first, however many threads
  // there are. They take the text in pieces of about so many bytes, and a few of them are in memory at a time.
  Result<Table> ReadRest(const ParallelLoop& loop, const ReadProgress& progress = {},
                         std::size_t piece_bytes = kPieceBytes);
  static constexpr std::size_t kPieceBytes = 128 * 1024;

  const CsvReader& csv() const { return csv_; }

 private:
  friend class ParallelReading;

  TableReader(CsvReader csv, RecordEncoder encoder) : csv_(std::move(csv)), encoder_(std::move(encoder)) {}
  Status ReadRecord(std::span<const std::string_view> fields, Table& table);

  CsvReader csv_;
  RecordEncoder encoder_;
  SeenIds seen_;
  std::uint64_t records_ = 0;
};

// A whole file. kBadInput if it has a header and no record.
Result<Table> ReadTable(const std::string& path, const Schema& schema, const TableOptions& options,
                        const ReadProgress& progress = {}, const ParallelLoop& loop = {});

// A CSV with a record id and a subject column (the first two columns, whatever their names). Each id once. A header
// that begins with a number is refused: it would be a record.
Result<SubjectMap> ReadSubjects(const std::string& path);

// A file of ids, one a line (empty lines do not count), or a CSV whose first column holds them under a header that is
// no number. kBadInput if there is none.
Result<std::vector<RecordId>> ReadIds(const std::string& path);

}  // namespace hedgerow::datasets
