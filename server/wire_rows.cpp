// Rows and requests that come over the wire (wire.h).
#include <fmt/format.h>

#include <cmath>

#include "datasets/table_reader.h"
#include "datasets/text.h"
#include "server/request_id.h"
#include "server/wire.h"

namespace hedgerow::server {

using datasets::Cell;
using datasets::FeatureType;

namespace {

constexpr std::size_t kMaxTextBytes = 64U << 10U;  // as in CSV files

Error Bad(std::string message, std::string place, std::string remedy) {
  return {ErrorCode::kBadInput, std::move(message), std::move(place), std::move(remedy)};
}

std::string Place(const datasets::Feature& feature) {
  return fmt::format("feature '{}'", feature.name);
}

Error WrongWidth(std::size_t found, const Model& model) {
  return Bad(fmt::format("{} values instead of {}", found, model.width()), "",
             "give one a feature, in the schema's order");
}

Error WrongType(const datasets::Feature& feature) {
  const bool numeric = feature.type == FeatureType::kNumeric;
  return Bad(numeric ? "a text where a number belongs" : "a number where a text belongs", Place(feature),
             "see the model's info");
}

// The enums have the same numbers on both sides.
Result<storage::Role> ReadRole(wire::Asker asker) {
  if (static_cast<unsigned>(asker) <= static_cast<unsigned>(storage::Role::kAuthority))
    return static_cast<storage::Role>(asker);
  return Error{ErrorCode::kUsage, "there is no such role of who asks", "asker", "name one of the interface"};
}

Result<Cell> NumberCell(float number, const datasets::Feature& feature) {
  if (std::isfinite(number)) return datasets::NumericCell(number);
  return Bad("a number that is not finite", Place(feature), "leave out what is missing");
}

Result<Cell> TextCell(std::string_view text, const datasets::Feature& feature, const Model& model) {
  if (text.size() > kMaxTextBytes || !datasets::ValidUtf8(text)) {
    return Bad("a text that is too long or no UTF-8", Place(feature), "give at most 64 KiB of UTF-8");
  }
  return datasets::CategoryCell(model.key, text);
}

Result<Cell> ReadValue(wire::Value::Reader value, const datasets::Feature& feature, const Model& model) {
  const bool numeric = feature.type == FeatureType::kNumeric;
  switch (value.which()) {
    case wire::Value::MISSING:
      return datasets::kMissing;
    case wire::Value::NUMBER:
      if (!numeric) return WrongType(feature);
      return NumberCell(value.getNumber(), feature);
    case wire::Value::TEXT:
      if (numeric) return WrongType(feature);
      return TextCell(View(value.getText()), feature, model);
  }
  return Bad("a value of a kind that is not known here", Place(feature), "use a client of the server's version");
}

// Where one feature's cells stand in a batch.
struct Target {
  Cell* cells;
  std::size_t width, count;
};

Status CheckCount(std::size_t found, const Target& target, const datasets::Feature& feature) {
  if (found == target.count) return {};
  return Bad(fmt::format("{} values for {} rows", found, target.count), Place(feature), "give one a row");
}

Status ReadColumn(wire::Column::Reader column, const datasets::Feature& feature, const Model& model,
                  const Target& target) {
  const bool numeric = feature.type == FeatureType::kNumeric;
  Cell* to = target.cells;
  if (column.isCells()) {
    const auto cells = column.getCells();
    if (Status status = CheckCount(cells.size(), target, feature); !status) return status;
    for (unsigned i = 0; i < cells.size(); ++i, to += target.width) *to = cells[i];
    return {};
  }
  if (column.isNumbers()) {
    if (!numeric) return WrongType(feature);
    const auto numbers = column.getNumbers();
    if (Status status = CheckCount(numbers.size(), target, feature); !status) return status;
    for (unsigned i = 0; i < numbers.size(); ++i, to += target.width) {
      const float number = numbers[i];
      if (std::isinf(number)) return NumberCell(number, feature).error();
      *to = std::isnan(number) ? datasets::kMissing : datasets::NumericCell(number);
    }
    return {};
  }
  if (!column.isTexts())
    return Bad("a column of a kind that is not known here", Place(feature), "use a client of the server's version");
  if (numeric) return WrongType(feature);
  const auto texts = column.getTexts();
  if (Status status = CheckCount(texts.size(), target, feature); !status) return status;
  for (unsigned i = 0; i < texts.size(); ++i, to += target.width) {
    const Result<Cell> cell = TextCell(View(texts[i]), feature, model);
    if (!cell) return cell.error();
    *to = *cell;
  }
  return {};
}

Result<std::string> ReadRequestId(capnp::Text::Reader text) {
  if (text.size() == 0) return std::string();
  auto id = NormalRequestId(View(text));
  if (id) return std::move(*id);
  return Error{ErrorCode::kUsage, "the request id is no UUID", "requestId", "give one, or none"};
}

Status ReadSubjects(capnp::List<capnp::Text>::Reader from, bool may_be_empty, std::vector<std::string>& subjects) {
  subjects.reserve(from.size());
  for (const capnp::Text::Reader text : from) {
    const std::string_view subject = View(text);
    const bool wrong = (subject.empty() && !may_be_empty) || subject.size() > datasets::kMaxSubjectBytes;
    if (wrong || !datasets::ValidUtf8(subject)) {
      return Bad("a data subject must be UTF-8 of 1 to 1,024 bytes", fmt::format("subject {}", subjects.size() + 1),
                 "correct the request");
    }
    subjects.emplace_back(subject);
  }
  return {};
}

}  // namespace

Result<std::vector<Cell>> ReadRow(wire::Row::Reader row, const Model& model) {
  std::vector<Cell> cells;
  cells.reserve(model.width());
  if (row.isCells()) {
    const auto from = row.getCells();
    if (from.size() != model.width()) return WrongWidth(from.size(), model);
    for (const std::int32_t cell : from) cells.push_back(cell);
    return cells;
  }
  if (!row.isValues()) return Bad("a row of a kind that is not known here", "", "use a client of the server's version");
  const auto values = row.getValues();
  if (values.size() != model.width()) return WrongWidth(values.size(), model);
  for (unsigned i = 0; i < values.size(); ++i) {
    const Result<Cell> cell = ReadValue(values[i], model.schema.features[i], model);
    if (!cell) return cell.error();
    cells.push_back(*cell);
  }
  return cells;
}

Result<std::vector<Cell>> ReadBatch(wire::Batch::Reader batch, const Model& model, std::uint32_t max_rows) {
  const std::size_t count = batch.getCount(), width = model.width();
  const auto columns = batch.getColumns();
  if (columns.size() != width) return WrongWidth(columns.size(), model);
  if (count == 0 || count > max_rows) {
    return Bad(fmt::format("{} rows in a batch", count), "", fmt::format("send from 1 to {}", max_rows));
  }
  // Before anything is allocated: a message without data may claim any number of rows.
  for (unsigned i = 0; i < columns.size(); ++i) {
    const wire::Column::Reader column = columns[i];
    const std::size_t found = column.isCells()     ? column.getCells().size()
                              : column.isNumbers() ? column.getNumbers().size()
                              : column.isTexts()   ? column.getTexts().size()
                                                   : count;
    if (Status status = CheckCount(found, {nullptr, width, count}, model.schema.features[i]); !status)
      return status.error();
  }
  std::vector<Cell> cells(count * width);
  for (unsigned i = 0; i < columns.size(); ++i) {
    const Status status = ReadColumn(columns[i], model.schema.features[i], model, {cells.data() + i, width, count});
    if (!status) return status.error();
  }
  return cells;
}

void WriteRow(std::span<const Cell> row, wire::Row::Builder to) {
  auto cells = to.initCells(static_cast<unsigned>(row.size()));
  for (unsigned i = 0; i < row.size(); ++i) cells.set(i, row[i]);
}

void WriteBatch(std::span<const Cell> rows, std::size_t width, wire::Batch::Builder to) {
  const auto count = static_cast<unsigned>(rows.size() / width);
  to.setCount(count);
  auto columns = to.initColumns(static_cast<unsigned>(width));
  for (unsigned j = 0; j < width; ++j) {
    auto cells = columns[j].initCells(count);
    for (unsigned i = 0; i < count; ++i) cells.set(i, rows[i * width + j]);
  }
}

Result<storage::ForgetRequest> ReadForget(wire::ForgetRequest::Reader from) {
  storage::ForgetRequest request;
  Result<std::string> id = ReadRequestId(from.getRequestId());
  if (!id) return id.error();
  const auto ground = static_cast<unsigned>(from.getGround());
  if (ground > static_cast<unsigned>(storage::Ground::kF)) {
    return Error{ErrorCode::kUsage, "there is no such legal ground", "ground", "name a letter of GDPR Art. 17(1)"};
  }
  const Result<storage::Role> role = ReadRole(from.getAsker());
  if (!role) return role.error();
  request.options = {.request_id = std::move(*id),
                     .ground = static_cast<storage::Ground>(ground),
                     .role = *role,
                     .with_roots = from.getWithRoots()};
  if (from.getWithOpenings() && from.getRecords().size() + from.getSubjects().size() > kMostOpenings) {
    return Error{ErrorCode::kUsage, fmt::format("more than {} are named, and receipts are wanted", kMostOpenings),
                 "withOpenings", "divide the request, or take one receipt for all of it, which names nobody"};
  }
  request.dry_run = from.getDryRun();
  request.records.reserve(from.getRecords().size());
  for (const std::uint64_t record : from.getRecords()) request.records.push_back(record);
  if (Status status = ReadSubjects(from.getSubjects(), /*may_be_empty=*/false, request.subjects); !status)
    return status.error();
  return request;
}

void WriteForget(const storage::ForgetRequest& request, bool with_openings, wire::ForgetRequest::Builder to) {
  to.setRequestId(ToText(request.options.request_id));
  auto records = to.initRecords(static_cast<unsigned>(request.records.size()));
  for (unsigned i = 0; i < records.size(); ++i) records.set(i, request.records[i]);
  auto subjects = to.initSubjects(static_cast<unsigned>(request.subjects.size()));
  for (unsigned i = 0; i < subjects.size(); ++i) subjects.set(i, ToText(request.subjects[i]));
  to.setGround(static_cast<wire::Ground>(request.options.ground));
  to.setAsker(static_cast<wire::Asker>(request.options.role));
  to.setDryRun(request.dry_run);
  to.setWithRoots(request.options.with_roots);
  to.setWithOpenings(with_openings);
}

Result<RowsRequest> ReadRows(wire::RowsRequest::Reader from, const Model& model, std::uint32_t max_rows) {
  RowsRequest request;
  Result<std::string> id = ReadRequestId(from.getRequestId());
  if (!id) return id.error();
  const Result<storage::Role> role = ReadRole(from.getAsker());
  if (!role) return role.error();
  request.options = {.request_id = std::move(*id), .role = *role, .with_roots = from.getWithRoots()};
  Result<std::vector<Cell>> cells = ReadBatch(from.getRows(), model, max_rows);
  if (!cells) return cells.error();
  datasets::Table& table = request.table;
  table.width = model.width();
  table.cells = std::move(*cells);
  const std::size_t count = table.cells.size() / table.width;
  const auto ids = from.getIds();
  const auto labels = from.getLabels();
  const bool with_subjects = from.getSubjects().size() != 0;
  if (ids.size() != count || labels.size() != count || (with_subjects && from.getSubjects().size() != count)) {
    return Bad("ids, labels or subjects are not as many as the rows", "", "give one a row");
  }
  for (unsigned i = 0; i < count; ++i) {
    if (labels[i] >= model.classes()) {
      return Bad("a label that is no class", fmt::format("row {}", i + 1),
                 "give the class's index in the model's info");
    }
    table.ids.push_back(ids[i]);
    table.labels.push_back(static_cast<datasets::ClassCode>(labels[i]));
  }
  if (!with_subjects) return request;
  if (Status status = ReadSubjects(from.getSubjects(), /*may_be_empty=*/true, table.subjects); !status)
    return status.error();
  return request;
}

void WriteRows(const datasets::Table& table, const storage::UpdateOptions& options, wire::RowsRequest::Builder to) {
  to.setRequestId(ToText(options.request_id));
  to.setWithRoots(options.with_roots);
  to.setAsker(static_cast<wire::Asker>(options.role));
  const auto count = static_cast<unsigned>(table.size());
  auto ids = to.initIds(count);
  auto labels = to.initLabels(count);
  for (unsigned i = 0; i < count; ++i) {
    ids.set(i, table.ids[i]);
    labels.set(i, table.labels[i]);
  }
  auto subjects = to.initSubjects(static_cast<unsigned>(table.subjects.size()));
  for (unsigned i = 0; i < subjects.size(); ++i) subjects.set(i, ToText(table.subjects[i]));
  WriteBatch(table.cells, table.width, to.initRows());
}

}  // namespace hedgerow::server
