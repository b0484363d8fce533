#include "datasets/record_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "datasets/text.h"

namespace hedgerow::datasets {
namespace {

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

}  // namespace

Error BadId(std::string place) {
  return {ErrorCode::kBadInput, "a record id that is no whole number", std::move(place),
          "record ids are whole numbers from 0 to 18446744073709551615"};
}

Status CheckSubject(std::string_view subject, const CsvReader& csv, std::size_t column) {
  if (subject.size() <= kMaxSubjectBytes) return {};
  return Error{ErrorCode::kBadInput, fmt::format("a subject id is longer than {} bytes", kMaxSubjectBytes),
               csv.PlaceOf(column + 1), "use shorter ids"};
}

RecordEncoder::RecordEncoder(const Schema& schema, TableOptions options) : schema_(schema), options_(options) {
  for (std::size_t y = 0; y < schema_.classes.size(); ++y) {
    classes_.emplace(schema_.classes[y], static_cast<ClassCode>(y));
  }
}

Result<RecordEncoder> RecordEncoder::Make(const CsvReader& csv, const Schema& schema, TableOptions options) {
  RecordEncoder encoder(schema, options);
  const std::vector<std::string>& header = csv.header();
  for (const Feature& feature : schema.features) {
    const auto column = FindColumn(header, feature.name);
    if (!column) return MissingColumn(csv, "feature", feature.name);
    encoder.columns_.push_back(*column);
  }
  if (options.with_labels) {
    encoder.label_ = FindColumn(header, schema.label);
    if (!encoder.label_) return MissingColumn(csv, "label", schema.label);
  }
  encoder.id_ = FindColumn(header, schema.id);
  if (!encoder.id_ && !options.number_records) {
    if (!schema.id.empty()) return MissingColumn(csv, "record ids", schema.id);
    return Error{ErrorCode::kBadInput, "the schema names no column with record ids", csv.PlaceOf(1),
                 "train with --id COLUMN, so that records can be told apart later"};
  }
  if (options.subjects == nullptr) encoder.subject_ = FindColumn(header, schema.subject);
  return encoder;
}

Status RecordEncoder::ReadId(std::span<const std::string_view> fields, const CsvReader& csv, RecordId& id) const {
  const auto parsed = ParseUnsigned(fields[*id_]);
  if (!parsed) return BadId(csv.PlaceOf(*id_ + 1));
  id = *parsed;
  return {};
}

Error RecordEncoder::RepeatedId(const CsvOrigin& origin, std::uint64_t line, std::uint64_t first_line) const {
  return {ErrorCode::kBadInput, fmt::format("the record id of line {} was already given in line {}", line, first_line),
          origin.PlaceOf(line, *id_ + 1), "give each record an id of its own"};
}

Status RecordEncoder::Encode(std::span<const std::string_view> fields, const CsvReader& csv, Table& table) const {
  const std::size_t cells = table.cells.size();
  const std::size_t labels = table.labels.size();
  Status status = EncodeFields(fields, csv, table);
  if (!status) {
    table.cells.resize(cells);
    table.labels.resize(labels);
  }
  return status;
}

Status RecordEncoder::EncodeFields(std::span<const std::string_view> fields, const CsvReader& csv, Table& table) const {
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
                   csv.PlaceOf(columns_[a] + 1), "correct the field, leave it empty, or make the feature categorical"};
    }
  }
  if (label_) {
    if (Status status = EncodeLabel(fields[*label_], csv, table); !status) return status;
  }
  if (subject_) {
    if (Status status = CheckSubject(fields[*subject_], csv, *subject_); !status) return status;
    table.subjects.emplace_back(fields[*subject_]);
  }
  return {};
}

Status RecordEncoder::EncodeLabel(std::string_view text, const CsvReader& csv, Table& table) const {
  const auto it = classes_.find(std::string(text));
  if (it != classes_.end()) {
    table.labels.push_back(it->second);
    return {};
  }
  return Error{ErrorCode::kBadInput, text.empty() ? "the label is missing" : "the label is not a class of the schema",
               csv.PlaceOf(*label_ + 1), "its classes are " + ListOf(schema_.classes)};
}

void RecordEncoder::AppendId(RecordId id, Table& table) const {
  table.ids.push_back(id);
  if (options_.subjects == nullptr) return;
  const auto it = options_.subjects->find(id);
  table.subjects.push_back(it == options_.subjects->end() ? std::string() : it->second);
}

}  // namespace hedgerow::datasets
