// The ids of a file's records, to find one that is given twice.
//
// Most files are in the order of their ids. An id that is larger than all before is new, and goes to the end of a
// sorted list. Only the others are looked up, in the list and in a table with open addressing. Sixteen bytes an entry.
//
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "datasets/table.h"

namespace hedgerow::datasets {

class SeenIds {
 public:
  // The line where the id came before; 0 if it is new, and then it is noted with its line, which is not 0.
  std::uint64_t Add(RecordId id, std::uint64_t line);

 private:
  struct Entry {
    RecordId id = 0;
    std::uint64_t line = 0;  // 0: none is here
  };

  Entry& Find(RecordId id);
  void Grow();

  std::vector<Entry> ascending_;
  std::vector<Entry> others_;  // a power of two
  std::size_t others_used_ = 0;
};

}  // namespace hedgerow::datasets
