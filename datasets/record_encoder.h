// From the fields of a CSV record to cells, a label and a subject: what does not depend on the records before it.
//
// Thread rule: immutable; Encode and ReadId from many threads, each with a reader and a table of its own.
#pragma once

#include <cstddef>
#include <cstdint>
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

class RecordEncoder {
 public:
  // kBadInput, with a spelling suggestion, if a feature (or the label, or a named id column) is not in the header.
  static Result<RecordEncoder> Make(const CsvReader& csv, const Schema& schema, TableOptions options);

  std::size_t width() const { return columns_.size(); }
  // Whether records have ids in the file. Where they have none, they are numbered.
  bool has_ids() const { return id_.has_value(); }
  Status ReadId(std::span<const std::string_view> fields, const CsvReader& csv, RecordId& id) const;
  // The error of an id that came before.
  Error RepeatedId(const CsvOrigin& origin, std::uint64_t line, std::uint64_t first_line) const;

  // Appends the reader's last record, but for its id and for a subject of the map. An error takes all of it back.
  Status Encode(std::span<const std::string_view> fields, const CsvReader& csv, Table& table) const;
  // Appends the id, and the subject if the map has it.
  void AppendId(RecordId id, Table& table) const;

 private:
  RecordEncoder(const Schema& schema, TableOptions options);
  Status EncodeFields(std::span<const std::string_view> fields, const CsvReader& csv, Table& table) const;
  Status EncodeLabel(std::string_view text, const CsvReader& csv, Table& table) const;

  Schema schema_;
  TableOptions options_;
  std::vector<std::size_t> columns_;  // of each feature
  std::optional<std::size_t> label_, id_, subject_;
  std::unordered_map<std::string, ClassCode> classes_;
};

// What ids and subjects are refused for, wherever they are read.
Error BadId(std::string place);
Status CheckSubject(std::string_view subject, const CsvReader& csv, std::size_t column);

}  // namespace hedgerow::datasets
