// A benchmark's output: the machine, then a table; with --json one object a row instead.
//
// Thread rule: one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hedgerow::bench {

using Row = nlohmann::ordered_json;

class Report {
 public:
  // `json`: rows go to stdout as they come, each with the machine's description in it.
  Report(std::string benchmark, bool json);

  // All rows of a report have the same keys. Values: text, whole numbers, or floating point (4 digits are shown).
  void Add(const Row& row);
  // Prints the table (Markdown, so that it can be pasted into a page) under a heading with the machine.
  void Finish(const std::string& notes) const;

 private:
  std::string benchmark_;
  bool json_;
  std::vector<Row> rows_;
};

}  // namespace hedgerow::bench
