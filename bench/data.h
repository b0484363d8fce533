// Data for benchmarks: the real sets, and synthetic people.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/schema.h"
#include "datasets/table.h"

namespace hedgerow::bench {

struct Data {
  std::string name;
  datasets::Schema schema;
  datasets::Table train, test;
};

// The real set of this name from HEDGEROW_DATA (by default the folder beside the checkout), encoded for `seed`.
// "people:N" or "people:NxP": N synthetic records with P features (20), a tenth as many to test with. Ends the
// program with a message where that cannot be had.
Data LoadData(std::string_view name, std::uint64_t seed);

// Where the training records of a real set are, and how to read them. Ends the program where it cannot be found.
struct DataFile {
  std::string name, path;
  datasets::Schema schema;
};
DataFile LocateData(std::string_view name);

// The real sets that are there; says on stderr which ones are not.
std::vector<std::string> RealNames();
// The same, or synthetic people if there is none.
std::vector<std::string> DefaultNames();

}  // namespace hedgerow::bench
