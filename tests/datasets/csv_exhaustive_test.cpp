// Proves that the CSV reader agrees with a deliberately slow, obvious parser on every text of up to seven characters of
// the alphabet that matters, with one column and with two: the same records, and an error in the same cases.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "datasets/csv_reader.h"

namespace hedgerow::datasets {
namespace {

using Records = std::vector<std::vector<std::string>>;
using Outcome = std::pair<Records, bool>;  // what came before the end or the error; whether there was an error

// The grammar of RFC 4180, one character after the other.
class ObviousParser {
 public:
  ObviousParser(std::string text, std::size_t columns) : text_(std::move(text)), columns_(columns) {}

  Outcome Parse() {
    Records records;
    while (at_ < text_.size()) {
      const std::size_t first = at_;
      std::vector<std::string> record;
      do {
        std::string field;
        if (!Field(field)) return {records, false};
        record.push_back(field);
      } while (Take(","));
      const bool empty_line = at_ == first;
      if (at_ < text_.size() && !Take("\r\n") && !Take("\n")) return {records, false};
      if (empty_line && columns_ > 1) continue;
      if (record.size() != columns_) return {records, false};
      records.push_back(record);
    }
    return {records, true};
  }

 private:
  bool Take(const std::string& token) {
    if (text_.compare(at_, token.size(), token) != 0) return false;
    at_ += token.size();
    return true;
  }

  bool Field(std::string& field) {
    if (!Take("\"")) {
      while (at_ < text_.size() && std::string(",\r\n\"").find(text_[at_]) == std::string::npos) field += text_[at_++];
      return true;
    }
    while (at_ < text_.size()) {
      if (Take("\"\"")) {
        field += '"';
      } else if (Take("\"")) {
        return true;
      } else {
        field += text_[at_++];
      }
    }
    return false;
  }

  std::string text_;
  std::size_t columns_;
  std::size_t at_ = 0;
};

Outcome Read(const std::string& text, std::size_t columns) {
  auto csv = CsvReader::FromText((columns == 1 ? "h\n" : "h,k\n") + text, "t.csv");
  Records records;
  while (true) {
    const auto fields = csv->Next();
    if (!fields) return {records, false};
    if (fields->empty()) return {records, true};
    records.emplace_back(fields->begin(), fields->end());
  }
}

TEST(CsvExhaustive, AgreesWithTheObviousParser) {
  const std::string alphabet = "a,\"\n\r";
  for (std::size_t length = 0; length <= 7; ++length) {
    std::size_t count = 1;
    for (std::size_t i = 0; i < length; ++i) count *= alphabet.size();
    for (std::size_t number = 0; number < count; ++number) {
      std::string text;
      for (std::size_t i = 0, rest = number; i < length; ++i, rest /= alphabet.size()) {
        text += alphabet[rest % alphabet.size()];
      }
      for (const std::size_t columns : {1U, 2U}) {
        ASSERT_EQ(Read(text, columns), ObviousParser(text, columns).Parse())
            << testing::PrintToString(text) << " with " << columns << " column(s)";
      }
    }
  }
}

}  // namespace
}  // namespace hedgerow::datasets
