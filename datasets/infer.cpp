#include "datasets/infer.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_set>
#include <utility>

#include "datasets/text.h"

namespace hedgerow::datasets {
namespace {

constexpr std::uint64_t kProgressEvery = 4096;

// What is known of a column so far.
struct Column {
  std::uint64_t missing = 0;
  bool numeric = true;
  std::unordered_set<std::size_t> distinct;  // hashes of values

  void Add(std::string_view text) {
    if (text.empty()) {
      ++missing;
      return;
    }
    if (numeric && !ParseFloat(text)) numeric = false;
    if (distinct.size() < kMaxDistinct) distinct.insert(std::hash<std::string_view>()(text));
  }
};

constexpr std::size_t kNone = std::string::npos;

// The columns that are no features.
struct Roles {
  std::size_t label = kNone, id = kNone, subject = kNone;
  bool Has(std::size_t column) const { return column == label || column == id || column == subject; }
};

std::size_t Find(const std::vector<std::string>& header, std::string_view name) {
  const auto it = std::find(header.begin(), header.end(), name);
  return it == header.end() ? kNone : static_cast<std::size_t>(it - header.begin());
}

// Columns that were asked for by name.
Status PickNamed(const CsvReader& csv, const InferOptions& options, Roles& roles) {
  for (const auto& [name, role] : {std::pair(&options.label, &roles.label), std::pair(&options.id, &roles.id),
                                   std::pair(&options.subject, &roles.subject)}) {
    if (name->empty()) continue;
    const std::size_t column = Find(csv.header(), *name);
    if (column == kNone) {
      const std::string suggestion = Suggestion(*name, csv.header());
      return Error{ErrorCode::kBadInput, fmt::format("there is no column '{}'", Excerpt(*name, 100)), csv.PlaceOf(1),
                   suggestion.empty() ? "choose a name of the header line" : suggestion};
    }
    if (roles.Has(column)) {
      return Error{ErrorCode::kUsage, fmt::format("the column '{}' cannot be two of label, id and subject", *name),
                   csv.PlaceOf(column + 1), "choose different columns"};
    }
    *role = column;
  }
  return {};
}

// The others by their usual names, unless a column has got another role already.
void PickUsual(const std::vector<std::string>& header, Roles& roles) {
  const auto pick = [&](std::size_t& role, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      const std::size_t column = Find(header, name);
      if (role == kNone && column != kNone && !roles.Has(column)) role = column;
    }
  };
  pick(roles.id, {"id"});
  pick(roles.subject, {"subject", "person", "subject_id", "person_id"});
  pick(roles.label, {"label", "class", "target", "y"});
  for (std::size_t column = header.size(); column-- > 0 && roles.label == kNone;) {
    if (!roles.Has(column)) roles.label = column;
  }
}

class Inference {
 public:
  Inference(CsvReader csv, const Roles& roles) : csv_(std::move(csv)), roles_(roles), columns_(csv_.header().size()) {}

  Status Scan(const ReadProgress& progress) {
    while (true) {
      const auto fields = csv_.Next();
      if (!fields) return fields.error();
      const bool at_end = fields->empty();
      if (progress && (at_end || records_ % kProgressEvery == 0)) progress(csv_.bytes_read(), csv_.bytes_total());
      if (at_end) return {};
      ++records_;
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (!roles_.Has(i)) columns_[i].Add((*fields)[i]);
      }
      if (Status status = AddLabel((*fields)[roles_.label]); !status) return status;
    }
  }

  Result<Inferred> Finish(const std::string& path, const std::string& name) const {
    if (Status status = Check(path); !status) return status.error();
    Inferred inferred;
    inferred.records = records_;
    Schema& schema = inferred.schema;
    schema.name = name.empty() ? std::filesystem::path(path).stem().string() : name;
    const std::vector<std::string>& header = csv_.header();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (roles_.Has(i)) continue;
      // Of a column without any value nothing is known; as a category it can take whatever comes later.
      const bool numeric = columns_[i].numeric && columns_[i].missing < records_;
      schema.features.push_back({header[i], numeric ? FeatureType::kNumeric : FeatureType::kCategorical});
      inferred.columns.push_back({header[i], columns_[i].missing, columns_[i].distinct.size()});
    }
    schema.label = header[roles_.label];
    schema.classes.assign(classes_.begin(), classes_.end());
    if (roles_.id != kNone) schema.id = header[roles_.id];
    if (roles_.subject != kNone) schema.subject = header[roles_.subject];
    return inferred;
  }

 private:
  Status Check(const std::string& path) const {
    const std::size_t taken = 1 + (roles_.id != kNone ? 1 : 0) + (roles_.subject != kNone ? 1 : 0);
    const std::size_t features = columns_.size() - taken;
    if (records_ == 0) {
      return Error{ErrorCode::kBadInput, "there is a header but no record", path, "add records below the header"};
    }
    if (features == 0) {
      return Error{ErrorCode::kBadInput, "no column is left to be a feature", path, "add columns beside the label"};
    }
    if (features > kMaxFeatures) {
      return Error{ErrorCode::kBadInput, fmt::format("{} features, where {} can be used", features, kMaxFeatures), path,
                   "leave columns out"};
    }
    if (classes_.size() >= 2) return {};
    return Error{
        ErrorCode::kBadInput,
        fmt::format("the label column '{}' has only one distinct value", Excerpt(csv_.header()[roles_.label], 100)),
        path, "choose another label column with --label"};
  }

  Status AddLabel(std::string_view label) {
    if (label.empty()) {
      return Error{ErrorCode::kBadInput, "a record without a label", csv_.PlaceOf(roles_.label + 1),
                   "fill it in, or choose the label column with --label"};
    }
    classes_.emplace(label);
    if (classes_.size() <= kMaxClasses) return {};
    return Error{ErrorCode::kBadInput,
                 fmt::format("the label column '{}' has more than {} distinct values",
                             Excerpt(csv_.header()[roles_.label], 100), kMaxClasses),
                 csv_.PlaceOf(roles_.label + 1), "choose another label column with --label"};
  }

  CsvReader csv_;
  Roles roles_;
  std::vector<Column> columns_;
  std::set<std::string, std::less<>> classes_;
  std::uint64_t records_ = 0;
};

}  // namespace

Result<Inferred> InferSchema(const std::string& path, const InferOptions& options, const ReadProgress& progress) {
  Result<CsvReader> csv = CsvReader::Open(path);
  if (!csv) return csv.error();
  Roles roles;
  if (Status status = PickNamed(*csv, options, roles); !status) return status.error();
  PickUsual(csv->header(), roles);
  if (roles.label == kNone) {
    return Error{ErrorCode::kBadInput, "no column is left to be the label", csv->PlaceOf(1),
                 "add a column with the class of each record"};
  }
  Inference inference(std::move(*csv), roles);
  if (Status status = inference.Scan(progress); !status) return status.error();
  return inference.Finish(path, options.name);
}

std::string ToJson(const Inferred& inferred) {
  auto json = nlohmann::ordered_json::parse(ToJson(inferred.schema));
  json["records"] = inferred.records;
  for (std::size_t i = 0; i < inferred.columns.size(); ++i) {
    json["features"][i]["missing"] = inferred.columns[i].missing;
    json["features"][i]["distinct"] = inferred.columns[i].distinct;
  }
  return json.dump(1) + "\n";  // parsed a moment ago, so it is UTF-8 and cannot throw
}

}  // namespace hedgerow::datasets
