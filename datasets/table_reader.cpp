#include "datasets/table_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text.h"

namespace hedgerow::datasets {
namespace {

constexpr std::size_t kRecordsAtOnce = 4096;

std::optional<std::size_t> FindColumn(const std::vector<std::string>& header, const std::string& name) {
  const auto it = std::find(header.begin(), header.end(), name);
  if (name.empty() || it == header.end()) return std::nullopt;
  return static_cast<std::size_t>(it - header.begin());
}

Error MissingColumn(const CsvReader& csv, const std::string& what, const std::string& name) {
  const std::string suggestion = Suggestion(name, csv.header());
  return {ErrorCode::kBadInput, fmt::format("there is no column '{}' for the {}", Excerpt(name, 100), what),
          csv.PlaceOf(1), suggestion.empty() ? "check the header line against the schema" : suggestion};
}

std::string ListOf(const std::vector<std::string>& classes) {
  std::string list;
  const std::size_t shown = std::min<std::size_t>(classes.size(), 10);
  for (std::size_t i = 0; i < shown; ++i) list += fmt::format("{}'{}'", i == 0 ? "" : ", ", Excerpt(classes[i], 40));
  return shown < classes.size() ? list + fmt::format(" and {} more", classes.size() - shown) : list;
}

Error BadId(std::string place) {
  return {ErrorCode::kBadInput, "a record id that is no whole number", std::move(place),
          "record ids are whole numbers from 0 to 18446744073709551615"};
}

Status CheckSubject(std::string_view subject, const CsvReader& csv, std::size_t column) {
  if (subject.size() <= kMaxSubjectBytes) return {};
  return Error{ErrorCode::kBadInput, fmt::format("a subject id is longer than {} bytes", kMaxSubjectBytes),
               csv.PlaceOf(column + 1), "use shorter ids"};
}

// Takes an unfinished record away again.
void Truncate(Table& table, std::size_t records) {
  table.cells.resize(records * table.width);
  table.ids.resize(records);
  table.labels.resize(std::min(table.labels.size(), records));
  table.subjects.resize(std::min(table.subjects.size(), records));
}

}  // namespace

TableReader::TableReader(CsvReader csv, const Schema& schema, TableOptions options)
    : csv_(std::move(csv)), schema_(schema), options_(options) {
  for (std::size_t y = 0; y < schema_.classes.size(); ++y) {
    classes_.emplace(schema_.classes[y], static_cast<ClassCode>(y));
  }
}

Result<TableReader> TableReader::Make(CsvReader csv, const Schema& schema, TableOptions options) {
  TableReader reader(std::move(csv), schema, options);
  const std::vector<std::string>& header = reader.csv_.header();
  for (const Feature& feature : schema.features) {
    const auto column = FindColumn(header, feature.name);
    if (!column) return MissingColumn(reader.csv_, "feature", feature.name);
    reader.columns_.push_back(*column);
  }
  if (options.with_labels) {
    reader.label_ = FindColumn(header, schema.label);
    if (!reader.label_) return MissingColumn(reader.csv_, "label", schema.label);
  }
  reader.id_ = FindColumn(header, schema.id);
  if (!reader.id_ && !options.number_records) {
    if (!schema.id.empty()) return MissingColumn(reader.csv_, "record ids", schema.id);
    return Error{ErrorCode::kBadInput, "the schema names no column with record ids", reader.csv_.PlaceOf(1),
                 "train with --id COLUMN, so that records can be told apart later"};
  }
  if (options.subjects == nullptr) reader.subject_ = FindColumn(header, schema.subject);
  return reader;
}

Result<std::size_t> TableReader::Read(Table& table, std::size_t limit) {
  table.width = columns_.size();
  std::size_t count = 0;
  for (; count < limit; ++count) {
    Result<std::span<const std::string_view>> fields = csv_.Next();
    if (!fields) return fields.error();
    if (fields->empty()) break;
    const std::size_t records = table.size();
    if (Status status = ReadRecord(*fields, table); !status) {
      Truncate(table, records);
      return status.error();
    }
  }
  return count;
}

Status TableReader::ReadId(std::span<const std::string_view> fields, RecordId& id) {
  id = ++records_;
  if (!id_) return {};
  const auto parsed = ParseUnsigned(fields[*id_]);
  if (!parsed) return BadId(csv_.PlaceOf(*id_ + 1));
  id = *parsed;
  const auto [it, is_new] = seen_.emplace(id, csv_.line());
  if (is_new) return {};
  return Error{ErrorCode::kBadInput,
               fmt::format("the record id of line {} was already given in line {}", csv_.line(), it->second),
               csv_.PlaceOf(*id_ + 1), "give each record an id of its own"};
}

Status TableReader::ReadLabel(std::string_view text, Table& table) {
  const auto it = classes_.find(std::string(text));
  if (it != classes_.end()) {
    table.labels.push_back(it->second);
    return {};
  }
  return Error{ErrorCode::kBadInput, text.empty() ? "the label is missing" : "the label is not a class of the schema",
               csv_.PlaceOf(*label_ + 1), "its classes are " + ListOf(schema_.classes)};
}

Status TableReader::ReadRecord(std::span<const std::string_view> fields, Table& table) {
  RecordId id = 0;
  if (Status status = ReadId(fields, id); !status) return status;
  for (std::size_t a = 0; a < columns_.size(); ++a) {
    const std::string_view text = fields[columns_[a]];
    if (text.empty()) {
      table.cells.push_back(kMissing);
    } else if (schema_.features[a].type == FeatureType::kCategorical) {
      table.cells.push_back(CategoryCell(options_.key, text));
    } else if (const auto value = ParseFloat(text)) {
      table.cells.push_back(NumericCell(*value));
    } else {
      return Error{ErrorCode::kBadInput,
                   fmt::format("the numeric feature '{}' holds something that is no finite number",
                               Excerpt(schema_.features[a].name, 100)),
                   csv_.PlaceOf(columns_[a] + 1), "correct the field, leave it empty, or make the feature categorical"};
    }
  }
  if (label_) {
    if (Status status = ReadLabel(fields[*label_], table); !status) return status;
  }
  table.ids.push_back(id);
  return ReadSubject(fields, id, table);
}

Status TableReader::ReadSubject(std::span<const std::string_view> fields, RecordId id, Table& table) {
  if (options_.subjects != nullptr) {
    const auto it = options_.subjects->find(id);
    table.subjects.push_back(it == options_.subjects->end() ? std::string() : it->second);
  } else if (subject_) {
    if (Status status = CheckSubject(fields[*subject_], csv_, *subject_); !status) return status;
    table.subjects.emplace_back(fields[*subject_]);
  }
  return {};
}

Result<Table> ReadTable(const std::string& path, const Schema& schema, const TableOptions& options,
                        const ReadProgress& progress) {
  Result<CsvReader> csv = CsvReader::Open(path);
  if (!csv) return csv.error();
  Result<TableReader> reader = TableReader::Make(std::move(*csv), schema, options);
  if (!reader) return reader.error();
  Table table;
  while (true) {
    const Result<std::size_t> count = reader->Read(table, kRecordsAtOnce);
    if (!count) return count.error();
    if (*count == 0) break;
    if (progress) progress(reader->csv().bytes_read(), reader->csv().bytes_total());
  }
  if (table.size() == 0) {
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
