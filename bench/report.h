// A benchmark's output: the machine, then a table; with --json one object a row instead, with --json-file besides.
//
// Thread rule: one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hedgerow::bench {

using Row = nlohmann::ordered_json;

struct Output {
  bool json = false;  // rows go to stdout as they come, each with the machine's description in it
  std::string file;   // the same into this file, besides what goes to stdout; empty: no file
};

class Report {
 public:
  // Ends the program with a message where the file cannot be written.
  Report(std::string benchmark, Output output);

  // All rows of a report have the same keys. Values: text, whole numbers, floating point (4 digits are shown), or
  // arrays, which are for the JSON alone.
  void Add(const Row& row);
  // Prints the table (Markdown, so that it can be pasted into a page) under a heading with the machine.
  void Finish(const std::string& notes) const;

 private:
  std::string benchmark_;
  Output output_;
  std::vector<Row> rows_;
};

}  // namespace hedgerow::bench
