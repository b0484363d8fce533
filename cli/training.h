// Training a store from files: what `train` and `demo` share.
//
// Thread rule: main thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cli/common.h"
#include "cli/data.h"
#include "forest/parameters.h"

namespace hedgerow::cli {

struct TrainingInput {
  std::string directory;  // of the store: absent or empty
  std::string data;
  datasets::Schema schema;
  ColumnOptions columns;
  forest::Parameters parameters;
  storage::LogOptions log = {};
};

struct Trained {
  std::unique_ptr<storage::Store> store;
  datasets::Schema schema;  // with the columns that were used
  std::uint64_t records = 0;
  double read_seconds = 0, grow_seconds = 0, write_seconds = 0;

  double seconds() const { return read_seconds + grow_seconds + write_seconds; }
};

// kStoreUnavailable if the directory holds something: to be asked before minutes are spent on reading.
Status CheckNewDirectory(const std::string& directory);

// Reads, grows and writes, with progress bars. The store goes on using the executor.
Result<Trained> Train(TrainingInput input, forest::Executor& executor);

}  // namespace hedgerow::cli
