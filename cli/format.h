// Numbers as people read them.
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hedgerow::cli {

std::string Thousands(std::uint64_t number);                         // "16,152"
std::string Count(std::uint64_t number, std::string_view singular);  // "1 record", "16,152 records"
std::string Micros(double us);                                       // "812 us", "4.1 ms", "2.3 s"
std::string Bytes(std::uint64_t bytes);                              // "812 bytes", "4.1 MiB"

// Indented lines "  name   value", the values below each other. An empty name continues the line above.
using Rows = std::vector<std::pair<std::string, std::string>>;
std::string Align(const Rows& rows);

// "1, 4 and 7", or the first ten and "3 more".
std::string List(const std::vector<std::string>& items);

// Where the middle and the slow end of measured times are; all zero without any.
struct Timings {
  double median = 0, p99 = 0, max = 0;
};
Timings Summarise(std::vector<double> us);
std::string ToString(const Timings& timings);  // "median 41 us, p99 120 us, max 300 us"

}  // namespace hedgerow::cli
