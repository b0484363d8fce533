// The forms that a value may take (residue.h).
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

#include "datasets/text.h"
#include "storage/bytes.h"
#include "storage/residue.h"

namespace hedgerow::storage {
namespace {

constexpr std::size_t kShortest = 3;         // bytes of a form that is searched at all
constexpr std::size_t kShortestText = 4;     // below: weak
constexpr std::size_t kShortestDigits = 8;   // numbers as text are everywhere in RocksDB's own logs and options
constexpr std::size_t kShortestVarint = 5;
constexpr std::ptrdiff_t kTellingBytes = 3;  // that are neither 0 nor 255: files are full of these

template <class T>
std::string LittleEndian(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '+';
  });
}

class Collector {
 public:
  explicit Collector(const ResidueContext& context) : context_(context) {}

  void Text(std::string_view text, std::string_view as) {
    Add(std::string(text), as, text.size() < (AllDigits(text) ? kShortestDigits : kShortestText));
  }

  void Category(std::string_view text) {
    if (!text.empty()) Binary(LittleEndian(datasets::CategoryCell(context_.category_key, text)), "category");
  }

  void Number(std::string_view text) {
    const auto parsed = datasets::ParseFloat(text);
    if (!parsed) return;
    const float value = *parsed;
    const datasets::Cell cell = datasets::NumericCell(value);
    const std::string bits = LittleEndian(value + 0.0F), stored = LittleEndian(cell);
    if (bits == stored) {
      Binary(stored, "float32");  // which is the cell, too
    } else {
      Binary(bits, "float32");
      Binary(stored, "cell");
    }
    // Where a missing value ranks lowest, thresholds are below their cell.
    if (cell != datasets::kMissing + 1) Binary(LittleEndian(cell - 1), "rank");
    Binary(LittleEndian(static_cast<double>(value)), "float64");
    // The number that was meant, where it has more digits than a float32 keeps.
    double exact = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), exact);
    if (end.ec == std::errc() && end.ptr == text.data() + text.size()) Binary(LittleEndian(exact), "float64");
  }

  void Id(datasets::RecordId id) {
    const std::string little = LittleEndian(id);
    forms_.push_back({little, "record", value_, /*weak=*/false, /*record=*/true});
    Binary(little, "u64-le");
    Binary({little.rbegin(), little.rend()}, "u64-be");
    Writer writer;
    writer.Varint(id);
    Add(writer.bytes(), "varint", writer.bytes().size() < kShortestVarint);
  }

  void Next() { ++value_; }
  std::vector<ResidueForm> Take() { return std::move(forms_); }

 private:
  void Binary(const std::string& bytes, std::string_view as) {
    const auto telling = std::count_if(bytes.begin(), bytes.end(), [](char c) { return c != '\0' && c != '\xff'; });
    if (telling == 0) return;  // it would be found at every second place
    Add(bytes, as, telling < kTellingBytes);
  }
  void Add(std::string bytes, std::string_view as, bool weak) {
    if (bytes.size() < kShortest) return;
    const auto same = [&](const ResidueForm& form) {
      return form.value == value_ && !form.record && form.bytes == bytes;
    };
    if (std::any_of(forms_.begin(), forms_.end(), same)) return;
    forms_.push_back({std::move(bytes), as, value_, weak, /*record=*/false});
  }

  const ResidueContext& context_;
  std::vector<ResidueForm> forms_;
  std::size_t value_ = 0;
};

}  // namespace

std::vector<ResidueForm> FormsOf(const ResidueQuestion& question, const ResidueContext& context) {
  Collector forms(context);
  for (const std::string& text : question.texts) {
    forms.Text(text, "text");
    forms.Category(text);
    forms.Number(text);
    if (const auto id = datasets::ParseUnsigned(text)) forms.Id(*id);
    forms.Next();
  }
  for (const std::string& number : question.numbers) {
    forms.Number(number);
    forms.Text(number, "decimal");
    forms.Next();
  }
  for (const datasets::RecordId id : question.records) {
    forms.Id(id);
    forms.Text(std::to_string(id), "decimal");
    forms.Next();
  }
  for (const std::string& subject : question.subjects) {
    forms.Text(subject, "text");
    forms.Next();
  }
  return forms.Take();
}

}  // namespace hedgerow::storage
