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
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "datasets/cell.h"
#include "datasets/csv_reader.h"
#include "datasets/schema.h"
#include "datasets/table.h"

namespace hedgerow::datasets {

inline constexpr std::size_t kMaxSubjectBytes = 1024;

// Which record belongs to which data subject.
using SubjectMap = std::unordered_map<RecordId, std::string>;

struct TableOptions {
  CategoryKey key;
  bool with_labels = true;  // false: the label column may be absent, and is not read
  // Ids: the schema's id column if it names one and the file has it, else the record's number from 1 (which
  // `number_records` must allow: where ids matter, a file without ids is an error).
  bool number_records = true;
  const SubjectMap* subjects = nullptr;  // overrides the subject column
};

class TableReader {
 public:
  // kBadInput, with a spelling suggestion, if a feature (or the label, or a named id column) is not in the header.
  static Result<TableReader> Make(CsvReader csv, const Schema& schema, TableOptions options);

  // Appends up to `limit` records; the number appended, 0 at the end. kBadInput names the place: a number that is
  // none, a class not in the schema, an id that is no integer from 0 to 2^64 - 1, an id that came before (in this
  // file; names both lines), a subject that is too long. The table then holds the records before it.
  Result<std::size_t> Read(Table& table, std::size_t limit);

  const CsvReader& csv() const { return csv_; }

 private:
  TableReader(CsvReader csv, const Schema& schema, TableOptions options);
  Status ReadRecord(std::span<const std::string_view> fields, Table& table);
  Status ReadId(std::span<const std::string_view> fields, RecordId& id);
  Status ReadLabel(std::string_view text, Table& table);
  Status ReadSubject(std::span<const std::string_view> fields, RecordId id, Table& table);

  CsvReader csv_;
  Schema schema_;
  TableOptions options_;
  std::vector<std::size_t> columns_;  // of each feature
  std::optional<std::size_t> label_, id_, subject_;
  std::unordered_map<std::string, ClassCode> classes_;
  std::unordered_map<RecordId, std::uint64_t> seen_;  // id to line
  std::uint64_t records_ = 0;
};

using ReadProgress = std::function<void(std::uint64_t bytes, std::uint64_t total)>;

// A whole file. kBadInput if it has a header and no record.
Result<Table> ReadTable(const std::string& path, const Schema& schema, const TableOptions& options,
                        const ReadProgress& progress = {});

// A CSV with a record id and a subject column (the first two columns, whatever their names). Each id once. A header
// that begins with a number is refused: it would be a record.
Result<SubjectMap> ReadSubjects(const std::string& path);

// A file of ids, one a line (empty lines do not count), or a CSV whose first column holds them under a header that is
// no number. kBadInput if there is none.
Result<std::vector<RecordId>> ReadIds(const std::string& path);

}  // namespace hedgerow::datasets
