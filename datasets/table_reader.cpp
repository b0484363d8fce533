#include "datasets/table_reader.h"

#include <utility>

#include "datasets/text.h"

namespace hedgerow::datasets {
Result<TableReader> TableReader::Make(CsvReader csv, const Schema& schema, TableOptions options) {
  Result<RecordEncoder> encoder = RecordEncoder::Make(csv, schema, options);
  if (!encoder) return encoder.error();
  return TableReader(std::move(csv), std::move(*encoder));
}

Result<std::size_t> TableReader::Read(Table& table, std::size_t limit) {
  table.width = encoder_.width();
  std::size_t count = 0;
  for (; count < limit; ++count) {
    Result<std::span<const std::string_view>> fields = csv_.Next();
    if (!fields) return fields.error();
    if (fields->empty()) break;
    if (Status status = ReadRecord(*fields, table); !status) return status.error();
  }
  return count;
}

Status TableReader::ReadRecord(std::span<const std::string_view> fields, Table& table) {
  RecordId id = ++records_;
  if (encoder_.has_ids()) {
    if (Status status = encoder_.ReadId(fields, csv_, id); !status) return status;
    const std::uint64_t first_line = seen_.Add(id, csv_.line());
    if (first_line != 0) return encoder_.RepeatedId(csv_.origin(), csv_.line(), first_line);
  }
  if (Status status = encoder_.Encode(fields, csv_, table); !status) return status;
  encoder_.AppendId(id, table);
  return {};
}

Result<Table> ReadTable(const std::string& path, const Schema& schema, const TableOptions& options,
                        const ReadProgress& progress, const ParallelLoop& loop) {
  Result<CsvReader> csv = CsvReader::Open(path);
  if (!csv) return csv.error();
  Result<TableReader> reader = TableReader::Make(std::move(*csv), schema, options);
  if (!reader) return reader.error();
  Result<Table> table = reader->ReadRest(loop, progress);
  if (table.ok() && table->size() == 0) {
    return Error{ErrorCode::kBadInput, "there is a header but no record", path, "add records below the header"};
  }
  return table;
}

Result<SubjectMap> ReadSubjects(const std::string& path) {
  Result<CsvReader> csv = CsvReader::Open(path);
  if (!csv) return csv.error();
  if (csv->header().size() < 2) {
    return Error{ErrorCode::kBadInput, "a file of subjects needs two columns", csv->PlaceOf(1),
                 "give the record id first and the subject second"};
  }
  if (ParseFloat(csv->header()[0])) {
    // Taking it for a header would lose the first record's subject in silence.
    return Error{ErrorCode::kBadInput, "the header line begins with a number", csv->PlaceOf(1),
                 "start the file with the names of its columns"};
  }
  SubjectMap subjects;
  while (true) {
    const auto fields = csv->Next();
    if (!fields) return fields.error();
    if (fields->empty()) return subjects;
    const auto id = ParseUnsigned((*fields)[0]);
    if (!id) return BadId(csv->PlaceOf(1));
    if (Status status = CheckSubject((*fields)[1], *csv, 1); !status) return status.error();
    if (!subjects.emplace(*id, (*fields)[1]).second) {
      return Error{ErrorCode::kBadInput, "the record id comes twice", csv->PlaceOf(1), "a record has one subject"};
    }
  }
}

Result<std::vector<RecordId>> ReadIds(const std::string& path) {
  Result<CsvReader> csv = CsvReader::Open(path);
  if (!csv) return csv.error();
  std::vector<RecordId> ids;
  const std::string& first = csv->header()[0];
  if (const auto id = ParseUnsigned(first)) {
    ids.push_back(*id);
  } else if (ParseFloat(first)) {
    return BadId(csv->PlaceOf(1));  // -1, 1.5 or 2^64 is no header
  }
  while (true) {
    const auto fields = csv->Next();
    if (!fields) return fields.error();
    if (fields->empty()) break;
    if (fields->size() == 1 && (*fields)[0].empty()) continue;  // an empty line
    const auto id = ParseUnsigned((*fields)[0]);
    if (!id) return BadId(csv->PlaceOf(1));
    ids.push_back(*id);
  }
  if (ids.empty()) return Error{ErrorCode::kBadInput, "the file names no record", path, "give one record id a line"};
  return ids;
}

}  // namespace hedgerow::datasets
