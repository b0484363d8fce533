#include "datasets/people.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "datasets/csv_writer.h"

namespace hedgerow::datasets {
namespace {

constexpr std::uint32_t kNamed = 12;          // features with a meaning; the rest is noise
constexpr std::uint64_t kRecordsABlock = 64;  // persons do not reach across blocks

std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// Random numbers as functions of where they are used.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint64_t where) : key_(Mix(Mix(seed) ^ where)) {}
  std::uint64_t Word(std::uint64_t what, std::uint64_t part = 0) const { return Mix(key_ ^ Mix(what << 8 | part)); }
  // In [0, 1).
  double Uniform(std::uint64_t what, std::uint64_t part = 0) const {
    return static_cast<double>(Word(what, part) >> 11) * 0x1p-53;
  }
  std::uint64_t Below(std::uint64_t what, std::uint64_t bound) const { return Word(what) % bound; }
  // Standard normal, by the sum of twelve uniforms: no library function whose last digit may differ.
  double Normal(std::uint64_t what) const {
    double sum = -6;
    for (std::uint64_t part = 1; part <= 12; ++part) sum += Uniform(what, part);
    return sum;
  }

 private:
  std::uint64_t key_;
};

// Measured: the cause's mean, and 1.25 times its standard deviation, which makes classes most alike in size.
constexpr double kMeanCause = 0.4;
constexpr double kCauseScale = 2.4;

struct Person {
  std::uint64_t block = 0;
  std::uint64_t number = 0;  // within the block
};

// A block of 64 records is cut into persons of 1 to 40 records, most of them with few.
Person PersonOf(std::uint64_t seed, std::uint64_t record) {
  const std::uint64_t block = record / kRecordsABlock;
  const Dice dice(seed, block ^ 0xb10cULL << 48);
  std::uint64_t begin = 0;
  for (std::uint64_t number = 0;; ++number) {
    const double u = dice.Uniform(number);
    const std::uint64_t visits =
        std::min<std::uint64_t>(40, 1 + static_cast<std::uint64_t>(std::max(0.0, 1.2 / (u + 0.03) - 0.7)));
    begin += visits;
    if (record % kRecordsABlock < begin) return {block, number};
  }
}

// A function of a uniform number with a heavy upper tail.
double HeavyTail(double u) {
  return 900.0 / (1.02 - u) - 800.0;
}

// Zipf-like: small numbers are frequent.
std::uint64_t Zipf(double u, std::uint64_t bound) {
  const double least = 1.0 / static_cast<double>(bound);
  return std::min(bound - 1, static_cast<std::uint64_t>(1.0 / (u * (1 - least) + least)) - 1);
}

struct Value {
  enum class Kind : std::uint8_t { kMissing, kNumber, kCategory } kind = Kind::kMissing;
  float number = 0;
  std::string category;
};

struct Record {
  RecordId id = 0;
  std::string subject;
  ClassCode label = 0;
  std::vector<Value> values;
};

Value Number(double number) {
  return {Value::Kind::kNumber, static_cast<float>(number), {}};
}
Value Category(const char* kind, std::uint64_t code) {
  return {Value::Kind::kCategory, 0, fmt::format("{}{}", kind, code)};
}

// The class of a cause. The cause is about normal, so its place among all others is about this algebraic sigmoid (only
// +, *, / and roots, which are the same on every machine). Classes are equal slices of it, so that all occur.
ClassCode ClassOf(double cause, std::uint32_t classes) {
  const double x = (cause - kMeanCause) / kCauseScale;
  const double place = 0.5 + 0.5 * x / std::sqrt(std::sqrt(1 + x * x * x * x));
  return static_cast<ClassCode>(std::min(place, 0.999999) * classes);
}

Record MakeRecord(const PeopleOptions& options, std::uint64_t number) {
  const Person person = PersonOf(options.seed, number);
  const Dice fixed(options.seed, person.block * kRecordsABlock + person.number + (1ULL << 62));
  const Dice visit(options.seed, number);
  const double age = 18 + static_cast<double>(fixed.Below(1, 70));
  const double income = std::round(HeavyTail(fixed.Uniform(2)));
  const double balance = visit.Normal(3) * 1500 + income / 4;
  const std::uint64_t visits = Zipf(visit.Uniform(4), 20);
  const double score = fixed.Normal(5) + 0.5 * visit.Normal(6);
  const std::uint64_t region = fixed.Below(7, 20);
  const std::uint64_t occupation = Zipf(fixed.Uniform(8), 50);
  const std::uint64_t plan = visit.Below(9, 5);

  const double cause = 1.1 * score + (age > 50 ? 0.8 : -0.4) + (income > 5000 ? 0.9 : 0.0) -
                       0.15 * static_cast<double>(visits) + (region % 3 == 0 ? 0.7 : -0.2) +
                       (occupation % 4 == 1 ? -0.8 : 0.3) + (plan == 2 ? 0.6 : 0.0) + visit.Normal(10);
  Record record;
  record.id = number + 1;
  record.subject = fmt::format("P{}-{}", person.block, person.number);
  record.label = ClassOf(cause, options.classes);
  record.values = {Number(age),
                   Number(income),
                   Number(std::round(balance * 100) / 100),
                   Number(static_cast<double>(visits)),
                   Number(std::round(150 + 10 * fixed.Normal(11) + 20)),
                   Number(score),
                   Number(1),
                   Number(visit.Uniform(12)),
                   Category("region-", region),
                   Category("postcode-", fixed.Below(13, 5000)),
                   Category("occupation-", occupation),
                   Category("plan-", plan)};
  for (std::uint32_t k = kNamed; k < options.features; ++k) {
    record.values.push_back(k % 3 == 0 ? Category("group-", visit.Below(100 + k, 30)) : Number(visit.Normal(100 + k)));
  }
  // Income, height and occupation are missing now and then.
  for (const std::size_t k : {1U, 4U, 10U}) {
    if (visit.Below(50 + k, 7) == 0) record.values[k] = {};
  }
  return record;
}

}  // namespace

Schema PeopleSchema(const PeopleOptions& options) {
  Schema schema;
  schema.name = "people";
  static constexpr std::array<const char*, kNamed> kNames = {"age",    "income",   "balance",    "visits",
                                                             "height", "score",    "planet",     "moment",
                                                             "region", "postcode", "occupation", "plan"};
  for (std::uint32_t k = 0; k < std::max(options.features, kNamed); ++k) {
    const bool categorical = k < kNamed ? k >= 8 : k % 3 == 0;
    schema.features.push_back({k < kNamed ? kNames[k] : fmt::format("noise_{}", k),
                               categorical ? FeatureType::kCategorical : FeatureType::kNumeric});
  }
  schema.label = "label";
  for (std::uint32_t y = 0; y < options.classes; ++y) schema.classes.push_back(fmt::format("class-{}", y));
  schema.id = "id";
  schema.subject = "subject";
  return schema;
}

void MakePeople(const PeopleOptions& options, const CategoryKey& key, std::uint64_t first, std::uint64_t count,
                Table& table) {
  table.width = std::max(options.features, kNamed);
  for (std::uint64_t number = first; number < first + count; ++number) {
    const Record record = MakeRecord(options, number);
    table.ids.push_back(record.id);
    table.labels.push_back(record.label);
    table.subjects.push_back(record.subject);
    for (const Value& value : record.values) {
      switch (value.kind) {
        case Value::Kind::kMissing:
          table.cells.push_back(kMissing);
          break;
        case Value::Kind::kNumber:
          table.cells.push_back(NumericCell(value.number));
          break;
        case Value::Kind::kCategory:
          table.cells.push_back(CategoryCell(key, value.category));
          break;
      }
    }
  }
}

Status WritePeople(const PeopleOptions& options, const std::string& path) {
  Result<CsvWriter> writer = CsvWriter::Open(path);
  if (!writer) return writer.error();
  const Schema schema = PeopleSchema(options);
  writer->Field(std::string_view(schema.id));
  writer->Field(std::string_view(schema.subject));
  for (const Feature& feature : schema.features) writer->Field(std::string_view(feature.name));
  writer->Field(std::string_view(schema.label));
  writer->EndRecord();
  for (std::uint64_t number = 0; number < options.records; ++number) {
    const Record record = MakeRecord(options, number);
    writer->Field(record.id);
    writer->Field(std::string_view(record.subject));
    for (const Value& value : record.values) {
      const bool is_number = value.kind == Value::Kind::kNumber;
      // As a float, whose shortest form is shorter than that of the same number as a double.
      writer->Field(std::string_view(is_number ? fmt::format("{}", value.number) : value.category));
    }
    writer->Field(std::string_view(schema.classes[record.label]));
    writer->EndRecord();
  }
  return writer->Close();
}

}  // namespace hedgerow::datasets
