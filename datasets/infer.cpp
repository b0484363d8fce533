#include "datasets/infer.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_set>

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

// The number of the column with this name; of the first of the usual names if none is given; npos if there is none.
Result<std::size_t> Pick(const CsvReader& csv, const std::string& name, std::initializer_list<const char*> usual) {
  const std::vector<std::string>& header = csv.header();
  const auto find = [&](const std::string& wanted) {
    const auto it = std::find(header.begin(), header.end(), wanted);
    return it == header.end() ? std::string::npos : static_cast<std::size_t>(it - header.begin());
  };
  if (name.empty()) {
    for (const char* candidate : usual) {
      if (const std::size_t at = find(candidate); at != std::string::npos) return at;
    }
    return std::string::npos;
  }
  const std::size_t at = find(name);
  if (at != std::string::npos) return at;
  const std::string suggestion = Suggestion(name, header);
  return Error{ErrorCode::kBadInput, fmt::format("there is no column '{}'", name), csv.PlaceOf(1),
               suggestion.empty() ? "choose a name of the header line" : suggestion};
}

class Inference {
 public:
  Inference(CsvReader csv, std::size_t label, std::size_t id, std::size_t subject)
      : csv_(std::move(csv)), label_(label), id_(id), subject_(subject), columns_(csv_.header().size()) {}

  Status Scan(const ReadProgress& progress) {
    while (true) {
      const auto fields = csv_.Next();
      if (!fields) return fields.error();
      if (fields->empty()) return {};
      ++records_;
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (i != label_ && i != id_ && i != subject_) columns_[i].Add((*fields)[i]);
      }
      if (Status status = AddLabel((*fields)[label_]); !status) return status;
      if (progress && records_ % kProgressEvery == 0) progress(csv_.bytes_read(), csv_.bytes_total());
    }
  }

  Result<Inferred> Finish(const std::string& path, const std::string& name) {
    Inferred inferred;
    inferred.records = records_;
    Schema& schema = inferred.schema;
    schema.name = name.empty() ? std::filesystem::path(path).stem().string() : name;
    const std::vector<std::string>& header = csv_.header();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i == label_ || i == id_ || i == subject_) continue;
      const bool numeric = columns_[i].numeric && columns_[i].missing < records_;
      schema.features.push_back({header[i], numeric ? FeatureType::kNumeric : FeatureType::kCategorical});
      inferred.columns.push_back({header[i], columns_[i].missing, columns_[i].distinct.size()});
    }
    schema.label = header[label_];
    schema.classes.assign(classes_.begin(), classes_.end());
    if (id_ != std::string::npos) schema.id = header[id_];
    if (subject_ != std::string::npos) schema.subject = header[subject_];
    if (schema.features.empty()) {
      return Error{ErrorCode::kBadInput, "no column is left to be a feature", path, "add columns beside the label"};
    }
    if (classes_.size() < 2) {
      return Error{ErrorCode::kBadInput,
                   fmt::format("the label column '{}' has {} distinct value{}", schema.label, classes_.size(),
                               classes_.size() == 1 ? "" : "s"),
                   path, "choose another label column with --label"};
    }
    return inferred;
  }

 private:
  Status AddLabel(std::string_view label) {
    if (label.empty()) {
      return Error{ErrorCode::kBadInput, "a record without a label", csv_.PlaceOf(label_ + 1),
                   "fill it in, or choose the label column with --label"};
    }
    classes_.emplace(label);
    if (classes_.size() <= kMaxClasses) return {};
    return Error{ErrorCode::kBadInput,
                 fmt::format("the label column '{}' has more than {} distinct values", csv_.header()[label_], kMaxClasses),
                 csv_.PlaceOf(label_ + 1), "choose another label column with --label"};
  }

  CsvReader csv_;
  std::size_t label_, id_, subject_;
  std::vector<Column> columns_;
  std::set<std::string, std::less<>> classes_;
  std::uint64_t records_ = 0;
};

}  // namespace

Result<Inferred> InferSchema(const std::string& path, const InferOptions& options, const ReadProgress& progress) {
  Result<CsvReader> csv = CsvReader::Open(path);
  if (!csv) return csv.error();
  Result<std::size_t> label = Pick(*csv, options.label, {"label", "class", "target", "y"});
  if (!label) return label.error();
  if (*label == std::string::npos) label = csv->header().size() - 1;
  const Result<std::size_t> id = Pick(*csv, options.id, {"id"});
  if (!id) return id.error();
  const Result<std::size_t> subject = Pick(*csv, options.subject, {"subject", "person", "subject_id", "person_id"});
  if (!subject) return subject.error();
  Inference inference(std::move(*csv), *label, *id, *subject);
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
  return json.dump(1) + "\n";
}

}  // namespace hedgerow::datasets
