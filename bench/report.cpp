#include "bench/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "bench/machine.h"

namespace hedgerow::bench {
namespace {

std::string Show(const Row& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    return std::abs(number) < 1'000 ? fmt::format("{:.4g}", number) : fmt::format("{:.0f}", number);
  }
  return value.is_null() ? "" : value.dump();
}

void PrintRow(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) fmt::print("| {:>{}} ", cells[i], widths[i]);
  fmt::print("|\n");
}

}  // namespace

Report::Report(std::string benchmark, Output output) : benchmark_(std::move(benchmark)), output_(std::move(output)) {
  if (output_.file.empty() || std::ofstream(output_.file)) return;
  fmt::print(stderr, "bench: error: {} cannot be written\n", output_.file);
  std::exit(2);
}

void Report::Add(const Row& row) {
  rows_.push_back(row);
  Row whole{{"benchmark", benchmark_}};
  for (const auto& [name, value] : DescribeMachine()) whole[name] = value;
  whole.update(row);
  if (!output_.file.empty()) std::ofstream(output_.file, std::ios::app) << whole.dump() << '\n';
  if (output_.json) {
    fmt::print("{}\n", whole.dump());
    std::fflush(stdout);
  } else if (isatty(STDERR_FILENO) != 0) {
    fmt::print(stderr, "{}: {} rows\r", benchmark_, rows_.size());
  }
}

void Report::Finish(const std::string& notes) const {
  if (output_.json || rows_.empty()) return;
  fmt::print("## {}\n\n", benchmark_);
  for (const auto& [name, value] : DescribeMachine()) fmt::print("- {}: {}\n", name, value);
  if (!notes.empty()) fmt::print("\n{}\n", notes);
  fmt::print("\n");
  std::vector<std::string> names;
  for (const auto& [name, value] : rows_.front().items()) {
    if (!value.is_array()) names.push_back(name);
  }
  std::vector<std::size_t> widths;
  for (const std::string& name : names) {
    std::size_t width = name.size();
    for (const Row& row : rows_) width = std::max(width, Show(row.at(name)).size());
    widths.push_back(width);
  }
  PrintRow(names, widths);
  for (const std::size_t width : widths) fmt::print("|{:->{}}", ":", width + 2);
  fmt::print("|\n");
  for (const Row& row : rows_) {
    std::vector<std::string> cells;
    for (const std::string& name : names) cells.push_back(Show(row.at(name)));
    PrintRow(cells, widths);
  }
  fmt::print("\n");
  std::fflush(stdout);
}

}  // namespace hedgerow::bench
