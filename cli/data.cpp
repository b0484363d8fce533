#include "cli/data.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <unordered_set>
#include <utility>

#include "cli/format.h"
#include "cli/progress.h"
#include "datasets/csv_reader.h"
#include "datasets/text.h"

namespace hedgerow::cli {
namespace {

using datasets::Schema;
using datasets::Table;
using datasets::TableReader;

bool IsFeature(const Schema& schema, const std::string& column) {
  return std::any_of(schema.features.begin(), schema.features.end(),
                     [&](const datasets::Feature& feature) { return feature.name == column; });
}

bool Has(const std::vector<std::string>& header, const std::string& column) {
  return std::find(header.begin(), header.end(), column) != header.end();
}

struct ColumnChoice {
  const char* flag;
  std::string asked;               // the flag's value; may be empty
  std::vector<const char*> usual;  // names that are taken if nothing is asked for nor in the schema
};

// Sets `column` to what was asked for, or to a usual name if that is there and free.
Status ChooseColumn(const Schema& schema, const datasets::CsvReader& csv, const ColumnChoice& choice,
                    std::string& column) {
  const std::string& asked = choice.asked;
  if (asked.empty()) {
    for (const std::string usual : choice.usual) {
      if (column.empty() && Has(csv.header(), usual) && !IsFeature(schema, usual) && schema.label != usual) {
        column = usual;
      }
    }
    return {};
  }
  if (IsFeature(schema, asked) || asked == schema.label) {
    return Error{ErrorCode::kUsage, fmt::format("column '{}' is a feature or the label in the schema", asked),
                 choice.flag, "choose another column, or take it out of the schema's features"};
  }
  if (!Has(csv.header(), asked)) {
    const std::string suggestion = datasets::Suggestion(asked, csv.header());
    return Error{ErrorCode::kBadInput, fmt::format("there is no column '{}'", asked), csv.PlaceOf(1),
                 suggestion.empty() ? std::string("name a column of the file with ") + choice.flag : suggestion};
  }
  column = asked;
  return {};
}

Status ChooseColumns(const datasets::CsvReader& csv, const SourceOptions& options, Schema& schema) {
  const ColumnChoice id{"--id", options.columns.id, {"id"}};
  if (Status status = ChooseColumn(schema, csv, id, schema.id); !status) return status;
  const bool with_subjects = options.purpose != Purpose::kPredict && options.purpose != Purpose::kScore;
  if (!with_subjects || !options.columns.subjects_file.empty()) {
    schema.subject.clear();
    return {};
  }
  const ColumnChoice subject{"--subject", options.columns.subject, {"subject", "person", "subject_id", "person_id"}};
  if (Status status = ChooseColumn(schema, csv, subject, schema.subject); !status) return status;
  if (schema.subject.empty() || Has(csv.header(), schema.subject) || options.purpose == Purpose::kCorrect) return {};
  // Without it the records could never be found again when their person asks for erasure.
  return Error{ErrorCode::kBadInput, fmt::format("the column '{}' with the data subjects is missing", schema.subject),
               csv.PlaceOf(1), "add it (its fields may be empty), or name another with --subject or --subjects"};
}

}  // namespace

Result<Source> OpenSource(Schema schema, const SourceOptions& options) {
  auto csv = datasets::CsvReader::Open(options.path);
  if (!csv) return csv.error();
  Source source;
  if (Status status = ChooseColumns(*csv, options, schema); !status) return status.error();
  const bool update = options.purpose == Purpose::kLearn || options.purpose == Purpose::kCorrect;
  if (update && schema.id.empty()) {
    return Error{ErrorCode::kBadInput, "there is no column with record ids", csv->PlaceOf(1),
                 "name it with --id: without ids nobody could tell which records are meant"};
  }
  datasets::TableOptions table_options;
  table_options.key = options.key;
  table_options.with_labels = options.purpose != Purpose::kPredict;
  // A prediction needs no id. Everywhere else a column that is named must be there.
  const bool ids_matter = update || options.purpose == Purpose::kTrain;
  table_options.number_records = !ids_matter || schema.id.empty();
  if (!options.columns.subjects_file.empty()) {
    auto subjects = datasets::ReadSubjects(options.columns.subjects_file);
    if (!subjects) return subjects.error();
    source.subjects = std::make_unique<datasets::SubjectMap>(std::move(*subjects));
    table_options.subjects = source.subjects.get();
  }
  auto reader = TableReader::Make(std::move(*csv), schema, table_options);
  if (!reader) return reader.error();
  source.reader = std::make_unique<TableReader>(std::move(*reader));
  source.schema = std::move(schema);
  return source;
}

Result<Table> ReadAll(Source& source, const std::string& path, forest::Executor& executor) {
  Progress progress("reading " + path);
  auto table = source.reader->ReadRest(
      {.threads = executor.threads(), .run = [&](std::size_t n, const auto& body) { executor.ParallelFor(n, body); }},
      [&](std::uint64_t bytes, std::uint64_t total) { progress.Update(bytes, total); });
  if (!table || table->size() != 0) return table;
  return Error{ErrorCode::kBadInput, "there is a header and no record", path, "add a line for each record"};
}

Result<Table> ReadForUpdate(const server::Model& model, Purpose purpose, const std::string& path,
                            const ColumnOptions& columns, forest::Executor& executor) {
  auto source = OpenSource(model.schema, {.path = path, .purpose = purpose, .columns = columns, .key = model.key});
  if (!source) return source.error();
  return ReadAll(*source, path, executor);
}

void Clear(Table& table) {
  table.ids.clear();
  table.labels.clear();
  table.cells.clear();
  table.subjects.clear();
}

std::string PositionsIn(const Table& table, const std::vector<datasets::RecordId>& ids) {
  const std::unordered_set<datasets::RecordId> wanted(ids.begin(), ids.end());
  std::vector<std::string> positions;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (wanted.contains(table.ids[i])) positions.push_back(std::to_string(i + 1));
  }
  return List(positions);
}

Result<std::vector<std::string>> ReadSubjectLines(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return Error{ErrorCode::kIo, "the file cannot be read", path, "check its name and your rights"};
  }
  std::istream& input = path == "-" ? std::cin : file;
  std::vector<std::string> subjects;
  std::string line;
  for (std::uint64_t number = 1; std::getline(input, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
    if (line.empty()) continue;
    if (line.size() > datasets::kMaxSubjectBytes || !datasets::ValidUtf8(line)) {
      return Error{ErrorCode::kBadInput,
                   fmt::format("a data subject must be UTF-8 and at most {} bytes long", datasets::kMaxSubjectBytes),
                   fmt::format("{}:{}", path, number), "write one data subject a line"};
    }
    subjects.push_back(line);
  }
  if (input.bad()) return Error{ErrorCode::kIo, "reading failed", path, ""};
  if (!subjects.empty()) return subjects;
  return Error{ErrorCode::kBadInput, "there is no data subject in the file", path, "write one data subject a line"};
}

}  // namespace hedgerow::cli
