// The forms that a value may take (residue.h).
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

#include "datasets/text.h"
#include "storage/bytes.h"
#include "storage/codec.h"
#include "storage/journal.h"
#include "storage/residue.h"

namespace hedgerow::storage {
namespace {

constexpr std::size_t kShortest = 3;        // bytes of a form that is searched at all
constexpr std::size_t kShortestText = 4;    // below: weak
constexpr std::size_t kShortestDigits = 8;  // numbers as text are everywhere in RocksDB's own logs and options
constexpr std::size_t kShortestVarint = 5;
// Updates under whose number a record is tried to be one that waits; where there are more, its shape must do.
constexpr std::uint64_t kMaxTried = 100'000;
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

std::size_t MostBehindId(const ResidueContext& context) {
  return 1 + 1 + kOpaqueBytes + context.width * sizeof(datasets::Cell) + kChecksumBytes;
}

bool IsStoredRecord(std::string_view bytes, std::size_t id_at, const ResidueContext& context) {
  constexpr std::size_t kSlot = sizeof(forest::Slot), kId = sizeof(datasets::RecordId);
  if (id_at < kLeastBeforeId || id_at + kId + 2 > bytes.size()) return false;
  const auto subject = static_cast<unsigned char>(bytes[id_at + kId + 1]);
  if (subject != 0 && subject != kOpaqueBytes) return false;
  const std::size_t end = id_at + kId + 2 + subject + context.width * sizeof(datasets::Cell) + kChecksumBytes;
  if (end > bytes.size()) return false;
  const std::uint64_t slot = Reader(bytes.substr(id_at - kSlot, kSlot)).U32();
  if (slot >= context.slot_end) return false;
  const std::string key = RecordKey(context.secret, Reader(bytes.substr(id_at, kId)).U64());
  // In front of the slot is `born`, of 1 to 10 bytes.
  for (std::size_t before = kLeastBeforeId; before <= std::min(id_at, kMostBeforeId); ++before) {
    const std::string_view sealed = bytes.substr(id_at - before, end - (id_at - before));
    const auto row = DecodeRecord(sealed.substr(0, sealed.size() - kChecksumBytes), context.width, context.classes);
    if (!row || row->born > context.sequence) continue;
    if (Unseal(key, sealed)) return true;
    // It may wait for its erasure, under the number of an update that we do not know.
    if (context.sequence > kMaxTried) return true;
    for (std::uint64_t died = row->born + 1; died <= context.sequence; ++died) {
      if (Unseal(SequenceKey(died) + key, sealed)) return true;
    }
  }
  return false;
}

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
