// A schema from a CSV file: what a person would guess from looking at all of it.
//
// A column is numeric if every value that is there is a number, else categorical. The label column's distinct
// values, sorted, are the classes.
//
// Thread rule: pure function.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/schema.h"
#include "datasets/table_reader.h"

namespace hedgerow::datasets {

struct InferOptions {
  std::string label = {};    // default: a column called "label", "class", "target" or "y", else the last one
  std::string id = {};       // default: a column called "id", else none
  std::string subject = {};  // default: a column called "subject", "person", "subject_id" or "person_id", else none
  std::string name = {};     // default: the file's name without its extension
};

struct InferredColumn {
  std::string name;
  std::uint64_t missing = 0;
  std::uint64_t distinct = 0;  // counted up to kMaxDistinct
};

struct Inferred {
  Schema schema;
  std::vector<InferredColumn> columns;  // one a feature
  std::uint64_t records = 0;
};

inline constexpr std::uint64_t kMaxDistinct = 100'000;

// kBadInput where there are fewer than 2 or more than kMaxClasses classes, a label is missing, or no feature is left.
Result<Inferred> InferSchema(const std::string& path, const InferOptions& options, const ReadProgress& progress = {});

// The schema's JSON with "records", and "missing" and "distinct" a feature, which ParseSchema ignores.
std::string ToJson(const Inferred& inferred);

}  // namespace hedgerow::datasets
