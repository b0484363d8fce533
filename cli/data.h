// From the files that a verb is given to encoded records: which column holds the ids and the subjects, and reading.
//
// Thread rule: main thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "datasets/cell.h"
#include "datasets/schema.h"
#include "datasets/table.h"
#include "datasets/table_reader.h"
#include "forest/executor.h"
#include "server/model_info.h"

namespace hedgerow::cli {

struct ColumnOptions {
  std::string id;             // a column
  std::string subject;        // a column
  std::string subjects_file;  // instead of the column
};

// What the records that are read are for.
enum class Purpose : std::uint8_t {
  kTrain,    // labels and subjects; without an id column records are numbered from 1
  kLearn,    // ids and labels must be there, and the subject column if the store knows one
  kCorrect,  // ids and labels must be there; a record keeps its subject
  kPredict,  // features; ids if there are any
  kScore,    // features and labels
};

// Rows that are read at once where they are streamed.
inline constexpr std::size_t kBatch = 8192;

// An open file of records. `schema` is the one that was asked for with the columns filled in: those of the options,
// else of the schema, else columns called "id" and "subject".
struct Source {
  datasets::Schema schema;
  std::unique_ptr<datasets::SubjectMap> subjects;
  std::unique_ptr<datasets::TableReader> reader;
};

struct SourceOptions {
  std::string path;
  Purpose purpose = Purpose::kPredict;
  ColumnOptions columns;
  datasets::CategoryKey key;
};

// kUsage where a chosen column is a feature, kBadInput where it is not in the file.
Result<Source> OpenSource(datasets::Schema schema, const SourceOptions& options);

// All the records, by the executor's threads and with a progress bar. kBadInput if there are none.
Result<datasets::Table> ReadAll(Source& source, const std::string& path, forest::Executor& executor);

// Records for a store that learns or corrects.
Result<datasets::Table> ReadForUpdate(const server::Model& model, Purpose purpose, const std::string& path,
                                      const ColumnOptions& columns, forest::Executor& executor);

// Removes the records and keeps the memory.
void Clear(datasets::Table& table);

// "1, 4 and 7": which records of the table, from 1, have one of these ids.
std::string PositionsIn(const datasets::Table& table, const std::vector<datasets::RecordId>& ids);

// A file with one data subject a line.
Result<std::vector<std::string>> ReadSubjectLines(const std::string& path);

}  // namespace hedgerow::cli
